package llm

// A message in the form of OpenAI's chat completions.

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// ofTheOld is what a provider says of its message beside the fields of Message:
// its own blocks, its thinking and its signatures. A message that was changed
// goes without them, for they hold what it no longer says.
var ofTheOld = []string{"mynah", "reasoning", "reasoning_content", "reasoning_details", "thinking",
	"thinking_blocks", "extra_content", "audio", "annotations"}

// UnmarshalJSON keeps a message of any form whole: unchanged, it goes on as it
// came. Where a field is changed, that is written into it, and what the provider
// has put beside the fields, its thinking and signatures, is left out. Content is
// all texts of a content in parts, and Parts are the others.
func (m *Message) UnmarshalJSON(data []byte) error {
	var came map[string]json.RawMessage
	if err := json.Unmarshal(data, &came); err != nil {
		return err
	}
	*m = readMessage(came, data)
	return nil
}

// MarshalJSON gives the form of OpenAI's chat completions.
func (m Message) MarshalJSON() ([]byte, error) {
	if m.whole == nil {
		out := map[string]any{"role": m.Role, "content": m.content()}
		m.put(out, Message{}, nil)
		return json.Marshal(out)
	}
	came := members(m.whole)
	was := readMessage(came, nil)
	if m.says(was) {
		return m.whole, nil
	}
	out := map[string]any{}
	for key, value := range came {
		if !slices.Contains(ofTheOld, key) {
			out[key] = value
		}
	}
	m.put(out, was, came)
	return json.Marshal(out)
}

func (m Message) says(was Message) bool {
	return m.Role == was.Role && m.Content == was.Content && m.ToolCallID == was.ToolCallID && m.Failed == was.Failed &&
		alike(m.Parts, was.Parts) && slices.Equal(m.ToolCalls, was.ToolCalls)
}

func alike(a, b []Part) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }

// put writes the fields that are not as they were.
func (m Message) put(out map[string]any, was Message, came map[string]json.RawMessage) {
	if m.Role != was.Role {
		out["role"] = m.Role
	}
	if m.Content != was.Content || !alike(m.Parts, was.Parts) {
		out["content"] = m.content()
	}
	if m.ToolCallID != was.ToolCallID {
		delete(out, "tool_call_id")
		if m.ToolCallID != "" {
			out["tool_call_id"] = m.ToolCallID
		}
	}
	if m.Failed != was.Failed {
		out["is_error"] = m.Failed
	}
	if !slices.Equal(m.ToolCalls, was.ToolCalls) {
		delete(out, "tool_calls")
		delete(out, "function_call")
		if len(m.ToolCalls) > 0 {
			out["tool_calls"] = m.callsAfter(was.ToolCalls, toolCalls(came))
		}
	}
}

func (m Message) content() any {
	if len(m.Parts) == 0 {
		if m.Content == "" && len(m.ToolCalls) > 0 {
			return nil
		}
		return m.Content
	}
	if m.Content == "" {
		return m.Parts
	}
	return append([]Part{{"type": "text", "text": m.Content}}, m.Parts...)
}

// callsAfter writes the calls; one that is as it was read goes as it came.
func (m Message) callsAfter(was []ToolCall, came []json.RawMessage) []any {
	var out []any
	for _, call := range m.ToolCalls {
		if i := slices.Index(was, call); i >= 0 {
			out = append(out, came[i])
			continue
		}
		form, input := "function", "arguments"
		if i := slices.IndexFunc(was, func(old ToolCall) bool { return old.ID == call.ID }); i >= 0 && members(came[i])["custom"] != nil {
			form, input = "custom", "input"
		}
		out = append(out, map[string]any{"id": call.ID, "type": form, form: map[string]string{"name": call.Name, input: call.Arguments}})
	}
	return out
}

// readMessage is the fields of a message; those of a form that is unknown stay empty.
func readMessage(came map[string]json.RawMessage, whole []byte) Message {
	m := Message{Role: word(came["role"]), ToolCallID: word(came["tool_call_id"]), whole: slices.Clone(whole)}
	_ = json.Unmarshal(came["is_error"], &m.Failed)
	var parts []json.RawMessage
	if json.Unmarshal(came["content"], &parts) != nil {
		parts = []json.RawMessage{came["content"]}
	}
	var texts []string
	for _, part := range parts {
		var held Part
		if json.Unmarshal(part, &held) != nil {
			held = Part{"type": "text", "text": word(part)}
		}
		if text, ok := held["text"].(string); ok && slices.Contains([]any{"text", "input_text", "output_text"}, held["type"]) {
			texts = append(texts, text)
		} else if held != nil {
			m.Parts = append(m.Parts, held)
		}
	}
	m.Content = strings.Join(texts, "\n")
	for _, call := range toolCalls(came) {
		m.ToolCalls = append(m.ToolCalls, readCall(members(call)))
	}
	return m
}

// toolCalls are a message's, in both of the forms there have been.
func toolCalls(came map[string]json.RawMessage) (all []json.RawMessage) {
	_ = json.Unmarshal(came["tool_calls"], &all)
	if old := came["function_call"]; members(old) != nil {
		call, _ := json.Marshal(map[string]any{"type": "function", "function": old})
		all = append(all, call)
	}
	return all
}

func readCall(call map[string]json.RawMessage) ToolCall {
	function, input := members(call["function"]), "arguments"
	if custom := members(call["custom"]); custom != nil {
		function, input = custom, "input"
	}
	read := ToolCall{ID: word(call["id"]), Name: word(function["name"]), Arguments: word(function[input])}
	if given := function[input]; members(given) != nil {
		read.Arguments = string(given)
	}
	return read
}

// members are an object's; nil for what is none.
func members(data json.RawMessage) (all map[string]json.RawMessage) {
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	return all
}

// word is a text; empty for what is none.
func word(data json.RawMessage) (text string) {
	_ = json.Unmarshal(data, &text)
	return text
}
