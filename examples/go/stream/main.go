// stream: an answer piece by piece, and one that is cancelled on the way.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"mynah/llm"
	"mynah/mock"
)

func main() {
	m := mock.New(mock.With("delay_event_ms", "5"), mock.With("answer_words", "40"))
	defer m.Close()
	client, err := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(m.URL()), llm.WithModel("mock"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	messages := []llm.Message{llm.UserMessage("Tell me a story.")}

	// From Go 1.23 on: for event, err := range client.ChatStream(ctx, messages).
	client.ChatStream(context.Background(), messages)(func(event llm.Event, err error) bool {
		switch {
		case err != nil:
			log.Fatal(err)
		case event.Kind == llm.EventText:
			fmt.Print(event.Text)
		case event.Kind == llm.EventDone:
			fmt.Printf("\n-- %s after %v\n", event.Response.FinishReason, event.Response.Timings.Total.Round(time.Millisecond))
		}
		return true // false leaves the stream and closes its connection
	})

	// The same through a channel, until the context is cancelled.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pieces := 0
	for chunk := range client.ChatStreamChan(ctx, messages) {
		switch {
		case errors.Is(chunk.Err, context.Canceled):
			fmt.Printf("-- cancelled after %d pieces\n", pieces)
		case chunk.Err != nil:
			log.Fatal(chunk.Err)
		case chunk.Kind == llm.EventText:
			if pieces++; pieces == 5 {
				cancel()
			}
		}
	}
	for closed := 0; closed == 0; time.Sleep(time.Millisecond) {
		stats, err := m.Stats()
		if err != nil {
			log.Fatal(err)
		}
		closed = stats.ClosedByPeer
	}
	fmt.Println("-- and its connection is closed")
}
