package llm

/*
#include <mynah.h>
*/
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"mynah/internal/lib"
)

// embedding: calls that block hold a thread each; this many at one time.
var embedding = make(chan struct{}, 16)

// EmbedJSON takes the body of OpenAI's /embeddings and gives OpenAI's answer,
// whatever the provider.
func (c *ProviderClient) EmbedJSON(ctx context.Context, body json.RawMessage) (answer json.RawMessage, err error) {
	select {
	case embedding <- struct{}{}:
		defer func() { <-embedding }()
	case <-ctx.Done():
		return nil, lib.Over(ctx)
	}
	defer runtime.KeepAlive(c)
	err = lib.Under(ctx, func(token uintptr) error {
		var value *C.mynah_value
		var failure *C.mynah_error
		status := C.mynah_client_embed_json(c.handle, (*C.char)(lib.Data(body)), C.size_t(len(body)), cancel(token), &value, &failure)
		if err := told(status, failure); err != nil {
			return err
		}
		answer, err = take(status, value)
		return err
	})
	return answer, err
}

// Embed makes a vector of each text, with a model for embeddings, whatever the
// client is made of: of tiers the cheapest is asked, for vectors of several models
// are not alike.
func Embed(ctx context.Context, client Client, model string, texts ...string) ([][]float64, error) {
	all, err := ProviderClients(client)
	if err != nil {
		return nil, err
	}
	return all[0].Embed(ctx, model, texts...)
}

// Embed makes a vector of each text, with a model for embeddings.
func (c *ProviderClient) Embed(ctx context.Context, model string, texts ...string) ([][]float64, error) {
	body, err := json.Marshal(map[string]any{"model": model, "input": append([]string{}, texts...)})
	if err != nil {
		return nil, err
	}
	if err := lib.Unicode("texts", texts); err != nil {
		return nil, err
	}
	raw, err := c.EmbedJSON(ctx, body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data []struct {
			Index     int       `json:"index"`
			Embedding []float64 `json:"embedding"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, err
	}
	vectors := make([][]float64, len(texts))
	for _, one := range answer.Data {
		if one.Index < 0 || one.Index >= len(vectors) {
			return nil, fmt.Errorf("mynah: a vector for text %d of %d", one.Index, len(texts))
		}
		vectors[one.Index] = one.Embedding
	}
	return vectors, nil
}
