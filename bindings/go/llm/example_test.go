package llm_test

import (
	"context"
	"errors"
	"fmt"

	"mynah/llm"
	"mynah/mock"
)

func Example() {
	provider := mock.New(mock.With("answer", "Because they listen."))
	defer provider.Close()
	client, err := llm.New(
		llm.WithProvider(llm.ProviderCustom),
		llm.WithBaseURL(provider.URL()),
		llm.WithModel("mock"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answer, err := client.Chat(context.Background(), []llm.Message{llm.UserMessage("Why do mynahs talk?")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Text)
	// Output: Because they listen.
}

func ExampleStream() {
	provider := mock.New(mock.With("answer", "one two three"))
	defer provider.Close()
	client, _ := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(provider.URL()), llm.WithModel("mock"))
	defer client.Close()
	client.ChatStream(context.Background(), []llm.Message{llm.UserMessage("Count.")})(func(event llm.Event, err error) bool {
		if event.Kind == llm.EventText {
			fmt.Printf("%q ", event.Text)
		}
		return err == nil
	})
	// Output: "one " "two " "three"
}

func ExampleError() {
	provider := mock.New(mock.With("status", "429"), mock.With("status_header", "retry-after: 7"))
	defer provider.Close()
	client, _ := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(provider.URL()), llm.WithModel("mock"), llm.WithRetryCount(0))
	defer client.Close()
	_, err := client.Complete(context.Background(), "hello")
	var failure *llm.Error
	if errors.Is(err, llm.ErrRateLimited) && errors.As(err, &failure) {
		fmt.Println(failure.HTTPStatus, failure.RetryAfter, failure.Retriable)
	}
	// Output: 429 7s true
}
