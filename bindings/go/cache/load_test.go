package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestOneOfAThousandLoads(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	var loads atomic.Int32
	release := make(chan struct{})
	var begun, group sync.WaitGroup
	begun.Add(1000)
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			begun.Done()
			value, err := c.GetOrLoad(context.Background(), "key", 0, func(context.Context) ([]byte, error) {
				loads.Add(1)
				<-release
				return []byte("loaded"), nil
			})
			if string(value) != "loaded" || err != nil {
				t.Error(string(value), err)
			}
		}()
	}
	begun.Wait()
	close(release)
	group.Wait()
	if loads.Load() != 1 {
		t.Fatal(loads.Load())
	}
	if value, ok, _ := c.Get("key"); !ok || string(value) != "loaded" {
		t.Fatal(string(value))
	}
}

func TestWhoWaitsForALoadTakesWhatIsStoredMeanwhileAndCountsOnce(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	loading, release, led := make(chan struct{}), make(chan struct{}), make(chan []byte)
	load := func(context.Context) ([]byte, error) {
		close(loading)
		<-release
		return []byte("loaded"), nil
	}
	ask := func(ctx context.Context, load func(context.Context) ([]byte, error)) ([]byte, error) {
		return c.GetOrLoad(ctx, "key", 0, load)
	}
	go func() {
		value, _ := ask(context.Background(), load)
		led <- value
	}()
	<-loading
	late, stop := context.WithTimeout(context.Background(), 5*storedPause)
	defer stop()
	if _, err := ask(late, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	time.AfterFunc(5*storedPause, func() { c.Set("key", "stored", 0) })
	if value, err := ask(context.Background(), nil); string(value) != "stored" || err != nil {
		t.Fatal(string(value), err)
	}
	close(release)
	if value := <-led; string(value) != "loaded" {
		t.Fatal(string(value))
	}
	if m, err := c.Metrics(); m.Hits != 0 || m.Misses != 3 || err != nil {
		t.Fatal(m.Hits, m.Misses, err)
	}
}

func TestALoadThatFailsFailsForAllAndStoresNothing(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	broken := errors.New("broken")
	fail := func(context.Context) ([]byte, error) { return nil, broken }
	if _, err := c.GetOrLoad(context.Background(), "key", 0, fail); err != broken {
		t.Fatal(err)
	}
	work := func(context.Context) ([]byte, error) { return []byte("v"), nil }
	if value, err := c.GetOrLoad(context.Background(), "key", 0, work); string(value) != "v" || err != nil {
		t.Fatal(string(value), err)
	}
	func() {
		defer func() { recover() }()
		c.GetOrLoad(context.Background(), "other", 0, func(context.Context) ([]byte, error) { panic("in a load") })
	}()
	if value, err := c.GetOrLoad(context.Background(), "other", 0, work); string(value) != "v" || err != nil {
		t.Fatal(string(value), err)
	}
}

func TestWhatWasLoadedIsAnsweredThoughItCannotBeStored(t *testing.T) {
	c := NewShardedCache(With("max_entry_bytes", "1024"))
	defer c.Close()
	large := func(context.Context) ([]byte, error) { return make([]byte, 2000), nil }
	if value, err := c.GetOrLoad(context.Background(), "key", 0, large); len(value) != 2000 || err != nil {
		t.Fatal(len(value), err)
	}
	if ok, err := c.Contains("key"); ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestALoadWhoseContextEndsIsTakenOver(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	loading := make(chan struct{})
	led := make(chan error)
	go func() {
		_, err := c.GetOrLoad(ctx, "key", 0, func(ctx context.Context) ([]byte, error) {
			close(loading)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		led <- err
	}()
	<-loading
	late, stop := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer stop()
	if _, err := c.GetOrLoad(late, "key", 0, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	followed := make(chan []byte)
	go func() {
		value, _ := c.GetOrLoad(context.Background(), "key", 0, func(context.Context) ([]byte, error) { return []byte("second"), nil })
		followed <- value
	}()
	cancel()
	if err := <-led; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if value := <-followed; string(value) != "second" {
		t.Fatal(string(value))
	}
}

func TestAnOldValueServesWhileOneRenews(t *testing.T) {
	c := NewShardedCache(WithStaleWhileRevalidate(time.Hour))
	defer c.Close()
	c.Set("key", "old", time.Millisecond)
	time.Sleep(5 * time.Millisecond)
	value, err := c.GetOrLoad(context.Background(), "key", 0, func(context.Context) ([]byte, error) {
		stale, err := c.GetOrLoad(context.Background(), "key", 0, nil)
		if string(stale) != "old" || err != nil {
			t.Error(string(stale), err)
		}
		return []byte("new"), nil
	})
	if string(value) != "new" || err != nil {
		t.Fatal(string(value), err)
	}
}

func TestNothingUnderAKeyIsRemembered(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	c.Set("key", "value", 0)
	if err := c.SetNegative("key", time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := c.Get("key"); ok || got != nil || err != nil {
		t.Fatal(string(got), ok, err)
	}
	load := func(context.Context) ([]byte, error) { return nil, errors.New("loaded") }
	if _, err := c.GetOrLoad(context.Background(), "key", 0, load); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if err := c.SetNegative("key", -1); !errors.Is(err, ErrOutOfRange) {
		t.Fatal(err)
	}
}

func TestACacheIsWarmedWithWhatIsNotThere(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	c.Set("a", "there", 0)
	c.SetNegative("none", 0)
	ctx, cancel := context.WithCancel(context.Background())
	var asked []string
	load := func(ctx context.Context, key string) ([]byte, error) {
		switch asked = append(asked, key); key {
		case "bad":
			return nil, errors.New("bad")
		case "last":
			cancel()
			return nil, ctx.Err()
		}
		return []byte("new " + key), nil
	}
	if n, err := c.Warm(ctx, []string{"a", "b", "bad", "none", "b", "c"}, 0, load); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if m, err := c.Metrics(); m.Hits != 0 || m.Misses != 0 || err != nil {
		t.Fatal(m.Hits, m.Misses, err)
	}
	if got := fmt.Sprint(asked); got != "[b bad c]" {
		t.Fatal(got)
	}
	if got, _, _ := c.Get("b"); string(got) != "new b" {
		t.Fatal(string(got))
	}
	if n, err := c.Warm(ctx, []string{"a", "last"}, 0, load); n != 1 || !errors.Is(err, context.Canceled) {
		t.Fatal(n, err)
	}
	gone, end := context.WithCancelCause(context.Background())
	end(errors.New("nobody wants it"))
	if _, err := c.GetOrLoad(gone, "g", 0, nil); !errors.Is(err, context.Cause(gone)) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n, err := c.Warm(ctx, []string{"a"}, 0, load); n != 0 || !errors.Is(err, context.Canceled) {
		t.Fatal(n, err)
	}
}

func TestWhatGoesOverManyKeysAsksAgainWhereAShardIsBusy(t *testing.T) {
	asked := 0
	there, err := patiently(func() (bool, error) {
		if asked++; asked < 3 {
			return false, &Error{Status: ErrBusy.Status}
		}
		return true, nil
	})
	if !there || err != nil || asked != 3 {
		t.Fatal(there, err, asked)
	}
	if _, err := patiently(func() (bool, error) { return false, ErrClosed }); err != ErrClosed {
		t.Fatal(err)
	}
}

func TestAWalkMeetsEveryEntryOnce(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	for i := 0; i < 1000; i++ {
		c.Set(fmt.Sprint("key-", i), fmt.Sprint(i), 0)
	}
	seen := map[string]int{}
	err := c.Range(func(key string, value []byte) bool {
		if key != "key-"+string(value) {
			t.Error(key, string(value))
		}
		if seen[key]++; len(seen) == 500 {
			c.Resize(64)
		}
		return true
	})
	if len(seen) != 1000 || err != nil {
		t.Fatal(len(seen), err)
	}
	count := 0
	c.Range(func(string, []byte) bool { count++; return count < 3 })
	if count != 3 {
		t.Fatal(count)
	}
}
