// benches compares hits of the cache with those of Go's own caches: process CPU
// time per hit, the peers alternating, medians over the rounds, as ratios.
//
//	go run . [-rounds 9] [-keys 100000] [-value 100] [-goroutines 8]
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"mynah/cache"

	"github.com/coocood/freecache"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
)

var (
	rounds     = flag.Int("rounds", 9, "rounds, of each of which the peers take a part")
	keyCount   = flag.Int("keys", 100_000, "keys, all of which hit")
	valueSize  = flag.Int("value", 100, "bytes of a value")
	operations = flag.Int("ops", 400_000, "hits of a peer in a round")
	goroutines = flag.Int("goroutines", 8, "of the parallel part")
)

// batch is how many keys a look-up of many takes.
const batch = 100

// peer looks keys up.
type peer struct {
	name string
	hits func(asked []string)
}

func main() {
	flag.Parse()
	keys := make([]string, *keyCount)
	for i := range keys {
		keys[i] = fmt.Sprintf("user:profile:%08d", i)
	}
	peers := everyPeer(keys)
	for _, parallel := range []int{1, *goroutines} {
		measured := make([][]float64, len(peers))
		for round := 0; round < *rounds; round++ {
			for i := range peers {
				at := (i + round) % len(peers) // nobody is always first
				measured[at] = append(measured[at], cpuPerHit(peers[at], keys, parallel, int64(round)))
			}
		}
		report(peers, measured, parallel)
	}
}

// cpuPerHit is nanoseconds of the process, the collector's included. Keys are
// asked as a program has them that has just made them: each a text of its own,
// one after another in memory.
func cpuPerHit(p peer, keys []string, parallel int, seed int64) float64 {
	each := *operations / parallel
	asked := make([][]string, parallel)
	for g := range asked {
		zipf := rand.NewZipf(rand.New(rand.NewSource(seed*100+int64(g))), 1.01, 1, uint64(len(keys)-1))
		var fresh strings.Builder
		for i := 0; i < each; i++ {
			fresh.WriteString(keys[zipf.Uint64()])
		}
		text, n := fresh.String(), len(keys[0])
		for i := 0; i < each; i++ {
			asked[g] = append(asked[g], text[i*n:][:n])
		}
	}
	runtime.GC()
	begun := cpu()
	var group sync.WaitGroup
	for _, own := range asked {
		group.Add(1)
		go func(own []string) {
			defer group.Done()
			p.hits(own)
		}(own)
	}
	group.Wait()
	return float64(cpu()-begun) / float64(each*parallel)
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func report(peers []peer, measured [][]float64, parallel int) {
	fmt.Printf("\n%d keys of 21 bytes, values of %d, zipf 1.01, all hits, %d goroutine(s): CPU ns a hit, median of %d\n",
		*keyCount, *valueSize, parallel, *rounds)
	medians := make([]float64, len(peers))
	for i, times := range measured {
		slices.Sort(times)
		medians[i] = times[len(times)/2]
	}
	fmt.Printf("%-34s %8s   ", "", "ns")
	for i, p := range peers {
		if i >= ours {
			fmt.Printf("%24s", "/ "+p.name)
		}
	}
	fmt.Println()
	for i, p := range peers[:ours] {
		fmt.Printf("%-34s %8.1f   ", p.name, medians[i])
		for j := ours; j < len(peers); j++ {
			fmt.Printf("%23.2fx", medians[j]/medians[i])
		}
		fmt.Println()
	}
	for j := ours; j < len(peers); j++ {
		fmt.Printf("%-34s %8.1f\n", peers[j].name, medians[j])
	}
}

// ours is how many of the peers are this library's, and the crossing alone.
const ours = 6

func everyPeer(keys []string) []peer {
	value := make([]byte, *valueSize)
	mynah := cache.NewShardedCache(cache.WithCapacity(2*len(keys)), cache.WithTTL(time.Hour))
	quiet := cache.NewShardedCache(cache.WithCapacity(2*len(keys)), cache.WithTTL(time.Hour), cache.WithMetricsEnabled(false))
	own := newFramework(2*len(keys), 32)
	plain, _ := lru.New[string, []byte](2 * len(keys))
	expiring := expirable.NewLRU[string, []byte](2*len(keys), nil, time.Hour)
	free := freecache.NewCache(len(keys) * (*valueSize + 200))
	for _, key := range keys {
		must(mynah.SetBytes(key, value, 0))
		must(quiet.SetBytes(key, value, 0))
		own.Set(key, value, time.Hour)
		plain.Add(key, value)
		expiring.Add(key, value)
		must(free.Set([]byte(key), value, 3600))
	}
	return []peer{
		{"mynah Get", func(asked []string) {
			for _, key := range asked {
				found(second(mynah.Get(key)))
			}
		}},
		{"mynah AppendGet", func(asked []string) { appendGet(mynah, asked) }},
		{"mynah AppendGet, metrics off", func(asked []string) { appendGet(quiet, asked) }},
		{fmt.Sprint("mynah GetMany, ", batch, " keys"), func(asked []string) { getMany(mynah, asked) }},
		{fmt.Sprint("mynah GetMany, ", batch, ", metrics off"), func(asked []string) { getMany(quiet, asked) }},
		{"a call into C, which does nothing", crossings},
		{"framework", func(asked []string) {
			for _, key := range asked {
				_, ok := own.Get(key)
				found(ok)
			}
		}},
		{"golang-lru", func(asked []string) {
			for _, key := range asked {
				_, ok := plain.Get(key)
				found(ok)
			}
		}},
		{"golang-lru expirable", func(asked []string) {
			for _, key := range asked {
				_, ok := expiring.Get(key)
				found(ok)
			}
		}},
		{"freecache", func(asked []string) {
			for _, key := range asked {
				_, err := free.Get([]byte(key))
				must(err)
			}
		}},
	}
}

func appendGet(c *cache.ShardedCache, asked []string) {
	buffer := make([]byte, 0, *valueSize)
	var ok bool
	for _, key := range asked {
		buffer, ok, _ = c.AppendGet(buffer[:0], key)
		found(ok)
	}
}

func getMany(c *cache.ShardedCache, asked []string) {
	var many cache.Found
	for len(asked) > 0 {
		n := min(batch, len(asked))
		must(c.GetMany(asked[:n], &many))
		for i := 0; i < n; i++ {
			_, ok := many.Value(i)
			found(ok)
		}
		asked = asked[n:]
	}
}

func second(_ []byte, ok bool, _ error) bool { return ok }

func found(ok bool) {
	if !ok {
		panic("a miss, where all is there")
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
