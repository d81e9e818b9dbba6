package lib

import "strings"

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
