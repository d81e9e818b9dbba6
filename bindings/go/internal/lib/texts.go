package lib

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Texts says which of some texts C could not take whole: there a zero byte ends
// one. They come in pairs, what a text is and the text itself.
func Texts(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(pairs[i+1], "\x00") {
			return &Error{Status: ErrInvalidArgument.Status, Message: pairs[i] + ": there is a zero byte in it"}
		}
	}
	return nil
}

// Unicode says which text within a value is not UTF-8: in JSON it would be
// another one. It is a value that json.Marshal has taken; bytes that are JSON
// already are left to the library, and what marshals itself to itself.
func Unicode(what string, value any) error {
	if where, bad := garbled(reflect.ValueOf(value)); bad {
		return &Error{Status: ErrInvalidArgument.Status, Message: what + where}
	}
	return nil
}

// garbled is where the first text lies that is not UTF-8, if there is one.
func garbled(value reflect.Value) (where string, bad bool) {
	switch value.Kind() {
	case reflect.String:
		return notUTF8(value.String())
	case reflect.Pointer:
		return garbled(value.Elem())
	case reflect.Interface:
		if _, itself := value.Interface().(json.Marshaler); !itself {
			return garbled(value.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < value.Len() && value.Type().Elem().Kind() != reflect.Uint8; i++ {
			if where, bad := garbled(value.Index(i)); bad {
				return fmt.Sprintf("[%d]%s", i, where), true
			}
		}
	case reflect.Map:
		for each := value.MapRange(); each.Next(); {
			if where, bad := garbled(each.Key()); bad {
				return where, true
			}
			if where, bad := garbled(each.Value()); bad {
				return fmt.Sprintf("[%v]%s", each.Key(), where), true
			}
		}
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			field := value.Type().Field(i)
			if !field.IsExported() || field.Tag.Get("json") == "-" {
				continue
			}
			if where, bad := garbled(value.Field(i)); bad {
				return "." + field.Name + where, true
			}
		}
	}
	return "", false
}

func notUTF8(text string) (string, bool) {
	for at, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[at:], string(utf8.RuneError)) {
			return fmt.Sprintf(": not UTF-8 at byte %d", at), true
		}
	}
	return "", false
}
