package smoke

import (
	"strings"
	"testing"
)

func TestACacheKeepsBytes(t *testing.T) {
	got, err := remember("key", "value")
	if err != nil || got != "value" {
		t.Fatal(got, err)
	}
}

func TestAChatStreamsAndComesFromTheCacheAgain(t *testing.T) {
	var pieces strings.Builder
	answers, err := chat("hello", func(piece string) { pieces.WriteString(piece) })
	if err != nil {
		t.Fatal(err)
	}
	if answers[0].ServedFrom != "provider" || answers[1].ServedFrom != "cache" {
		t.Fatal(answers)
	}
	if answers[0].Text == "" || answers[0].Text != answers[1].Text {
		t.Fatal(answers)
	}
	if pieces.String() != answers[0].Text+answers[1].Text {
		t.Fatal(pieces.String())
	}
}
