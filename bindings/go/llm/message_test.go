package llm_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mynah/llm"
	"mynah/mock"
)

const conversation = `[
	{"role":"system","content":[{"type":"text","text":"secret one","cache_control":{"type":"ephemeral"}},{"type":"text","text":"secret two"}]},
	{"role":"user","content":[{"type":"text","text":"secret three"},{"type":"image_url","image_url":{"url":"https://secret/four.png"}}],"name":"ann"},
	{"role":"assistant","content":null,"reasoning_content":"secret five",
		"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"at\":\"secret six\"}"}},{"id":"c2","type":"function","function":{"name":"wait","arguments":"{}"},"x":1}],
		"mynah":{"provider":"custom","model":"mock","account":"","blocks":[{"role":"assistant","content":"secret seven"}]}},
	{"role":"tool","tool_call_id":"c1","content":"secret eight"},
	{"role":"tool","tool_call_id":"c2","content":"waited"}]`

func restored(t *testing.T, text string) []llm.Message {
	t.Helper()
	var messages []llm.Message
	if err := json.Unmarshal([]byte(text), &messages); err != nil {
		t.Fatal(err)
	}
	return messages
}

func sent(t *testing.T, client llm.Client, m *mock.Mock, messages []llm.Message) string {
	t.Helper()
	if _, err := client.Chat(context.Background(), messages); err != nil {
		t.Fatal(err)
	}
	stats, err := m.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return string(stats.LastRequest.Body)
}

func TestAChangedMessageIsSentAsItIsNow(t *testing.T) {
	client, m := talk(t, nil)
	messages := restored(t, conversation)
	messages[0].Content = "clean"
	messages[1].Content = "clean"
	messages[1].Parts[0]["image_url"].(map[string]any)["url"] = "https://clean/four.png"
	messages[2].ToolCalls[0].Arguments = `{"at":"clean"}`
	messages[3].Content = "clean"
	messages[3].ToolCallID, messages[4].ToolCallID = "c2", "c1"
	body := sent(t, client, m, messages)
	if strings.Contains(body, "secret") || strings.Contains(body, "mynah") {
		t.Fatal(body)
	}
	var was struct {
		Messages []struct {
			Name       string
			ToolCallID string                `json:"tool_call_id"`
			ToolCalls  []struct{ ID string } `json:"tool_calls"`
		}
	}
	if err := json.Unmarshal([]byte(body), &was); err != nil {
		t.Fatal(err)
	}
	if was.Messages[1].Name != "ann" || was.Messages[3].ToolCallID != "c2" || len(was.Messages[2].ToolCalls) != 2 {
		t.Fatal(body)
	}
}

func TestAChangedAnswerIsSentAsItIsNow(t *testing.T) {
	client, m := talk(t, answering("secret"))
	answer, err := client.Chat(context.Background(), ask("one"))
	if err != nil {
		t.Fatal(err)
	}
	whole := append(ask("one"), answer.Message)
	answer.Message.Content = "clean"
	messages := append(ask("one"), answer.Message, llm.UserMessage("two"))
	if body := sent(t, client, m, messages); strings.Contains(body, "secret") || !strings.Contains(body, "clean") {
		t.Fatal(body)
	}
	if body := sent(t, client, m, append(whole, llm.UserMessage("two"))); !strings.Contains(body, "secret") {
		t.Fatal(body)
	}
}

func TestEachFieldOfAMessageCanBeChanged(t *testing.T) {
	const came = `{"role":"assistant","content":"text","tool_call_id":"id","x":1,"mynah":{"blocks":[]},
		"tool_calls":[{"id":"c","type":"custom","custom":{"name":"sql","input":"select"},"y":2}]}`
	for name, change := range map[string]func(*llm.Message){
		`{"role":"user"}`:     func(m *llm.Message) { m.Role = "user" },
		`{"content":"other"}`: func(m *llm.Message) { m.Content = "other" },
		`{"content":""}`:      func(m *llm.Message) { m.Content, m.ToolCalls = "", m.ToolCalls[:1] },
		`{"content":[{"type":"text","text":"text"},{"type":"image_url","image_url":{"url":"u"}}]}`: func(m *llm.Message) { *m = m.WithImageURL("u") },
		`{"tool_call_id":"other"}`: func(m *llm.Message) { m.ToolCallID = "other" },
		`{"tool_call_id":null}`:    func(m *llm.Message) { m.ToolCallID = "" },
		`{"is_error":true}`:        func(m *llm.Message) { m.Failed = true },
		`{"tool_calls":null}`:      func(m *llm.Message) { m.ToolCalls = nil },
		`{"tool_calls":[{"id":"c","type":"custom","custom":{"name":"sql","input":"drop"}}]}`: func(m *llm.Message) { m.ToolCalls[0].Arguments = "drop" },
		`{"tool_calls":[{"id":"c","type":"custom","custom":{"name":"sql","input":"select"},"y":2},{"id":"d","type":"function","function":{"name":"f","arguments":"{}"}}]}`: func(m *llm.Message) {
			m.ToolCalls = append(m.ToolCalls, llm.ToolCall{ID: "d", Name: "f", Arguments: "{}"})
		},
	} {
		var message llm.Message
		if err := json.Unmarshal([]byte(came), &message); err != nil {
			t.Fatal(err)
		}
		change(&message)
		var want, got map[string]any
		json.Unmarshal([]byte(came), &want)
		delete(want, "mynah")
		json.Unmarshal([]byte(name), &want)
		for key, value := range want {
			if value == nil || key == "content" && value == "" {
				delete(want, key)
			}
		}
		raw, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		json.Unmarshal(raw, &got)
		if got["content"] == nil {
			delete(got, "content")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s", name, raw)
		}
	}
}

func TestAnUnchangedMessageGoesAsItCame(t *testing.T) {
	for _, came := range []string{
		`{"role":"user","content":["a",{"type":"text","text":"b"},null],"big":12345678901234567890}`,
		`{"content":7,"role":null,"tool_calls":{},"function_call":{"name":"f","arguments":{"a":1}}}`,
		`{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{}}}]}`,
	} {
		for name, message := range map[string]llm.Message{"read": restored(t, "["+came+"]")[0], "given": llm.MessageJSON([]byte(came))} {
			if raw, err := json.Marshal(message); err != nil || string(raw) != came {
				t.Errorf("%s: %s %v", name, raw, err)
			}
		}
	}
	for _, none := range []string{`"text"`, `[1]`, `null`} {
		if raw, err := json.Marshal(llm.MessageJSON([]byte(none))); err != nil || string(raw) != none {
			t.Error(none, string(raw), err)
		}
	}
	if _, err := json.Marshal(llm.MessageJSON([]byte(`{"role":`))); err == nil {
		t.Error("half a message")
	}
}

func TestAMessageSurvivesAsJSON(t *testing.T) {
	call := llm.ToolCall{ID: "c", Name: "f", Arguments: `{"a":1}`}
	for _, message := range []llm.Message{
		llm.SystemMessage("s"), llm.ToolMessage("id", "r"), llm.FailedToolMessage("id", "r"), llm.UserMessage("u").WithImageURL("u"),
		{Role: "assistant", ToolCalls: []llm.ToolCall{call}}, {Role: "assistant", Content: "t", ToolCalls: []llm.ToolCall{call, call}},
	} {
		raw, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		back := restored(t, "["+string(raw)+"]")[0]
		again := llm.Message{Role: back.Role, Content: back.Content, ToolCallID: back.ToolCallID, Failed: back.Failed, Parts: back.Parts, ToolCalls: back.ToolCalls}
		if got, err := json.Marshal(again); err != nil || string(got) != string(raw) {
			t.Errorf("%s, and then %s %v", raw, got, err)
		}
	}
}

func TestAnAnswerSurvivesAsJSON(t *testing.T) {
	client, _ := talk(t, answering("hello"))
	answer, err := client.Chat(context.Background(), ask("hi"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Timings.FirstByte = 22123457 // whose milliseconds no binary fraction hits
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	again := llm.Response{JSON: answer.JSON, Raw: answer.Raw}
	if err := json.Unmarshal(raw, &again); err != nil || !reflect.DeepEqual(*answer, again) {
		t.Fatalf("%+v, and then %+v %v", *answer, again, err)
	}
	if raw, err := json.Marshal(llm.Timings{Total: 1500000}); err != nil || string(raw) != `{"total":1.5}` {
		t.Fatal(string(raw), err)
	}
}

func TestAToolSurvivesAsJSON(t *testing.T) {
	const schema = `{"type":"object","required":["city"]}`
	want := llm.Tool{Name: "w", Description: "d", Schema: json.RawMessage(schema)}
	for _, came := range []string{
		`{"name":"w","description":"d","parameters":` + schema + `}`,
		`{"type":"function","function":{"name":"w","description":"d","parameters":` + schema + `}}`,
	} {
		var tool llm.Tool
		if err := json.Unmarshal([]byte(came), &tool); err != nil || !reflect.DeepEqual(tool, want) {
			t.Errorf("%s: %+v %v", came, tool, err)
		}
	}
	for _, came := range []string{
		`{"name":"w"}`, `{"name":"w","strict":true}`, `{"type":"web_search"}`,
		`{"type":"function","function":{"name":"w","strict":true}}`,
	} {
		var tool llm.Tool
		if err := json.Unmarshal([]byte(came), &tool); err != nil {
			t.Fatal(err)
		}
		if raw, err := json.Marshal(tool); err != nil || string(raw) != came {
			t.Errorf("%s: %s %v", came, raw, err)
		}
	}
}
