package llm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mynah/llm"
)

func TestATextWithAZeroByteIsRefusedNotCut(t *testing.T) {
	if _, err := llm.New(llm.WithSystemPrompt("Never\x00 always.")); !errors.Is(err, llm.ErrInvalidArgument) || !strings.Contains(err.Error(), "system_prompt") {
		t.Error(err)
	}
	client, m := talk(t, nil)
	for name, opt := range map[string]llm.Option{
		"stop": llm.WithStop("a\x00b"),
	} {
		if _, err := client.Complete(context.Background(), "hi", opt); !errors.Is(err, llm.ErrInvalidArgument) || !strings.Contains(err.Error(), name) {
			t.Error(name, err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 0 {
		t.Error(stats.Requests)
	}
	if answer, err := client.Complete(context.Background(), "a\x00b"); err != nil || !strings.Contains(answer.Text, "a\x00b") {
		t.Error(answer, err)
	}
}

func TestALittleTimeIsNotNone(t *testing.T) {
	if _, err := llm.New(llm.WithTimeout(-time.Nanosecond)); !errors.Is(err, llm.ErrOutOfRange) {
		t.Error(err)
	}
	client, err := llm.New(llm.WithProvider(llm.ProviderOllama), llm.WithIdleTimeout(time.Nanosecond), llm.WithRetryDelay(1500*time.Microsecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	raw, err := client.OptionsJSON()
	if err != nil || !strings.Contains(string(raw), `"idle_timeout_ms":{"value":1,`) || !strings.Contains(string(raw), `"retry_delay_ms":{"value":2,`) {
		t.Fatal(string(raw), err)
	}
}
