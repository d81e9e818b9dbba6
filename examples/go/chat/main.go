// chat: a conversation of two turns, answered from the cache the second time.
//
// With OPENAI_API_KEY set it asks OpenAI; otherwise a mock inside the process.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"mynah/llm"
	"mynah/llm/providers"
	"mynah/mock"
)

func connect(m *mock.Mock) (llm.Client, error) {
	opts := []llm.Option{llm.WithMaxTokens(300), llm.WithCache(true, 10*time.Minute)}
	if key := os.Getenv("OPENAI_API_KEY"); key != "" {
		return providers.CreateClientForUseCase(llm.ProviderOpenAI, key, llm.UseCaseChat, opts...)
	}
	return providers.CreateCustomClient(m.URL(), "", append(opts, llm.WithModel("mock"))...)
}

func main() {
	m := mock.New()
	defer m.Close()
	client, err := connect(m)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	messages := []llm.Message{
		llm.SystemMessage("Answer in one sentence."),
		llm.UserMessage("Why do mynahs talk?"),
	}
	answer, err := client.Chat(ctx, messages)
	if err != nil {
		explain(err)
	}
	fmt.Println("first:", answer.Text)

	// The answer goes back whole: text, calls, and what the provider needs.
	messages = append(messages, answer.Message, llm.UserMessage("And parrots?"))
	if answer, err = client.Chat(ctx, messages, llm.WithTemperature(0)); err != nil {
		explain(err)
	}
	fmt.Println("second:", answer.Text)

	again, err := client.Chat(ctx, messages, llm.WithTemperature(0))
	if err != nil {
		explain(err)
	}
	fmt.Printf("again: from the %s in %v, instead of %v\n", again.ServedFrom, again.Timings.Total, answer.Timings.Total)
}

// explain tells kinds of failure apart.
func explain(err error) {
	var failure *llm.Error
	switch {
	case errors.Is(err, llm.ErrAuthentication):
		log.Fatal("the key is refused: ", err)
	case errors.Is(err, llm.ErrRateLimited) && errors.As(err, &failure):
		log.Fatalf("too many calls, try again in %v", failure.RetryAfter)
	}
	log.Fatal(err)
}
