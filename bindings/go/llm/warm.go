package llm

/*
#include <mynah.h>

extern void mynahGoProgress(uintptr_t user, size_t done, size_t total);

static void on_progress(void *user, size_t done, size_t total) {
	mynahGoProgress((uintptr_t)user, done, total);
}

static mynah_status go_warm(mynah_client *client, const char *json, size_t len, uint32_t parallel,
                            mynah_cancel *cancel, uintptr_t user, size_t *warmed, mynah_error **err) {
	return mynah_client_warm_json(client, json, len, parallel, cancel, user ? on_progress : NULL,
	                              (void *)user, warmed, err);
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
	return c.Warm(ctx, prompts, parallel, nil)
}

// Warm is WarmupCache, so many at a time (0 and less: eight), with progress (which
// may be nil) told how far it is. A context that ends, ends it. A panic in progress
// ends the program.
func (c *ProviderClient) Warm(ctx context.Context, prompts []string, parallel int, progress func(done, total int)) (int, error) {
	defer runtime.KeepAlive(c)
	text, err := json.Marshal(append([]string{}, prompts...))
	if err != nil {
		return 0, err
	}
	if err := lib.Unicode("prompts", prompts); err != nil {
		return 0, err
	}
	user, release := heard(progress)
	defer release()
	var warmed C.size_t
	err = lib.Under(ctx, func(token uintptr) error {
		var failure *C.mynah_error
		return told(C.go_warm(c.handle, (*C.char)(lib.Data(text)), C.size_t(len(text)), C.uint32_t(max(parallel, 0)), cancel(token), C.uintptr_t(user), &warmed, &failure), failure)
	})
	if err == nil && ctx.Err() != nil && int(warmed) < len(prompts) {
		err = lib.Over(ctx)
	}
	return int(warmed), err
}

// WarmupCache warms the response cache of each client that a client is made of; it
// tells how many answers are in the one that has fewest.
func WarmupCache(ctx context.Context, client Client, prompts []string) (int, error) {
	tiers, err := ProviderClients(client)
	if err != nil {
		return 0, err
	}
	fewest := len(prompts)
	for _, tier := range tiers {
		warmed, err := tier.WarmupCache(ctx, prompts)
		fewest = min(fewest, warmed)
		if err != nil {
			return fewest, err
		}
	}
	return fewest, nil
}
