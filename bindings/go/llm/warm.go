package llm

/*
#include <mynah.h>

static mynah_status go_warm(mynah_client *client, const char *json, size_t len, mynah_cancel *cancel,
                            size_t *warmed, mynah_error **err) {
	return mynah_client_warm_json(client, json, len, 0, cancel, NULL, NULL, warmed, err);
}
*/
import "C"

import (
	"context"
	"encoding/json"
	"runtime"

	"mynah/internal/lib"
)

// WarmupCache asks prompts before anybody else does, so that their answers are
// in the client's response cache; it tells how many are there.
func (c *ProviderClient) WarmupCache(ctx context.Context, prompts []string) (int, error) {
	defer runtime.KeepAlive(c)
	text, err := json.Marshal(append([]string{}, prompts...))
	if err != nil {
		return 0, err
	}
	if err := lib.Unicode("prompts", prompts); err != nil {
		return 0, err
	}
	var warmed C.size_t
	err = lib.Under(ctx, func(token uintptr) error {
		var failure *C.mynah_error
		return told(C.go_warm(c.handle, (*C.char)(lib.Data(text)), C.size_t(len(text)), cancel(token), &warmed, &failure), failure)
	})
	return int(warmed), err
}

// WarmupCache warms the response cache of each client that a client is made of.
func WarmupCache(ctx context.Context, client Client, prompts []string) (warmed int, err error) {
	own, ok := client.(derived)
	if !ok {
		return 0, errForeign
	}
	for _, tier := range own.tiers() {
		if warmed, err = tier.WarmupCache(ctx, prompts); err != nil {
			return warmed, err
		}
	}
	return warmed, nil
}
