// What the fragments in Go find: a mock, a cache, clients of the mock.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"mynah/cache"
	"mynah/llm"
	"mynah/llm/providers"
	"mynah/mock"
)

var (
	ctx      = context.Background()
	m        = mock.New()
	c        = cache.NewShardedCache()
	client   = clientOf("mock", llm.WithCache(true, time.Minute))
	small    = clientOf("small")
	large    = clientOf("large")
	messages = []llm.Message{llm.UserMessage("hello")}

	_, _, _ = errors.Is, strings.Contains, json.Marshal
	_       http.Handler
)

func clientOf(model string, opts ...llm.Option) llm.Client {
	made, err := providers.CreateCustomClient(m.URL(), "", append(opts, llm.WithModel(model))...)
	if err != nil {
		log.Fatal(err)
	}
	return made
}

func main() {
	for i, block := range blocks {
		if err := block(); err != nil {
			log.Fatalf("block %d: %v", i, err)
		}
	}
	fmt.Println("done")
}
