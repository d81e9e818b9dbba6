package lib

import (
	"testing"
)

func TestATextThatIsNotUTF8IsFoundWhereverItLies(t *testing.T) {
	type call struct{ Name string }
	type message struct {
		Text   string
		Parts  []map[string]any
		Calls  []*call
		Hidden string `json:"-"`
		whole  []byte
	}
	good := message{Text: "mynah \uFFFD", Hidden: "\xff", whole: []byte{255}, Calls: []*call{nil, {"f"}},
		Parts: []map[string]any{{"type": "text", "n": 7, "none": nil, "bytes": []byte{255}}}}
	if err := Unicode("messages", []message{good}); err != nil {
		t.Fatal(err)
	}
	for want, bad := range map[string]message{
		"mynah: messages[0].Text: not UTF-8 at byte 4":                  {Text: "\uFFFDa\xffb"},
		"mynah: messages[0].Parts[1][url][detail]: not UTF-8 at byte 0": {Parts: []map[string]any{{}, {"url": map[string]string{"detail": "\xff"}}}},
		"mynah: messages[0].Parts[0]: not UTF-8 at byte 1":              {Parts: []map[string]any{{"k\xff": 1}}},
		"mynah: messages[0].Calls[0].Name: not UTF-8 at byte 0":         {Calls: []*call{{"\xc3"}}},
	} {
		if err := Unicode("messages", []message{bad}); err == nil || err.Error() != want {
			t.Error(err, "is not", want)
		}
	}
}
