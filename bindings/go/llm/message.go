package llm

import (
	"encoding/base64"
	"encoding/json"
)

// Message is one turn of a conversation. The helpers below make them.
type Message struct {
	// Role is system, developer, user, assistant or tool.
	Role    string
	Content string
	// ToolCallID names the call that a tool's message answers.
	ToolCallID string
	// Failed says of a tool's message that the tool failed: see FailedToolMessage.
	Failed bool
	// Parts stand beside the content: images and documents.
	Parts []Part
	// ToolCalls are what an assistant's message asks for.
	ToolCalls []ToolCall
	// whole is a message as it came, with what its provider needs back. It goes so
	// while the fields above are as they were read from it.
	whole json.RawMessage
}

// Part is something beside text, in the form of OpenAI's content parts.
type Part map[string]any

// SystemMessage says how the model is to behave.
func SystemMessage(text string) Message { return Message{Role: "system", Content: text} }

// UserMessage is what the user says.
func UserMessage(text string) Message { return Message{Role: "user", Content: text} }

// AssistantMessage is what the model has said. For an answer of this package,
// Response.Message keeps more.
func AssistantMessage(text string) Message { return Message{Role: "assistant", Content: text} }

// ToolMessage is the result of a call that an answer asked for.
func ToolMessage(callID, result string) Message {
	return Message{Role: "tool", Content: result, ToolCallID: callID}
}

// FailedToolMessage is ToolMessage of a tool that failed. Anthropic's and Gemini's
// models are told so; the others have no field for it, so let result say it too.
func FailedToolMessage(callID, result string) Message {
	return Message{Role: "tool", Content: result, ToolCallID: callID, Failed: true}
}

// MessageJSON is a message in the form of OpenAI's chat completions. It goes as
// it is, whatever it is; see Message.UnmarshalJSON for what a change does.
func MessageJSON(openai json.RawMessage) Message { return readMessage(members(openai), openai) }

// WithImageURL adds an image at an address.
func (m Message) WithImageURL(url string) Message {
	return m.with(Part{"type": "image_url", "image_url": map[string]string{"url": url}})
}

// WithImage adds an image, of a media type such as image/png.
func (m Message) WithImage(mime string, data []byte) Message {
	return m.WithImageURL(dataURL(mime, data))
}

// WithDocument adds a document, of a media type such as application/pdf.
func (m Message) WithDocument(mime, name string, data []byte) Message {
	file := map[string]string{"filename": name, "file_data": dataURL(mime, data)}
	return m.with(Part{"type": "file", "file": file})
}

func dataURL(mime string, data []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data)
}

func (m Message) with(part Part) Message {
	m.Parts = append(m.Parts[:len(m.Parts):len(m.Parts)], part)
	return m
}
