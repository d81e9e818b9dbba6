//go:build go1.23

package llm_test

import (
	"context"
	"iter"
	"testing"

	"mynah/llm"
)

func TestAStreamIsRangedOver(t *testing.T) {
	client, _ := talk(t, answering("one two three"))
	var text string
	for event, err := range client.ChatStream(context.Background(), ask("count")) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == llm.EventText {
			text += event.Text
		}
	}
	if text != "one two three" {
		t.Fatal(text)
	}
	var _ iter.Seq2[llm.Event, error] = iter.Seq2[llm.Event, error](client.ChatStream(context.Background(), nil))
}
