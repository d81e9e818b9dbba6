// benches compares hits of the cache with those of Go's own caches: process CPU
// time per hit, the peers alternating, medians over the rounds, as ratios.
//
//	go run . [-rounds 9] [-keys 100000] [-value 100] [-goroutines 8]
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
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

// peer looks n keys up; order says which.
type peer struct {
	name string
	hits func(order []int32)
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
				measured[at] = append(measured[at], cpuPerHit(peers[at], parallel, int64(round)))
			}
		}
		report(peers, measured, parallel)
	}
}

// cpuPerHit is nanoseconds of the process, the collector's included.
func cpuPerHit(p peer, parallel int, seed int64) float64 {
	each := *operations / parallel
	orders := make([][]int32, parallel)
	for g := range orders {
		random := rand.New(rand.NewSource(seed*100 + int64(g)))
		zipf := rand.NewZipf(random, 1.01, 1, uint64(*keyCount-1))
		for i := 0; i < each; i++ {
			orders[g] = append(orders[g], int32(zipf.Uint64()))
		}
	}
	begun := cpu()
	var group sync.WaitGroup
	for _, order := range orders {
		group.Add(1)
		go func(order []int32) {
			defer group.Done()
			p.hits(order)
		}(order)
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

// ours is how many of the peers are this library's.
const ours = 4

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
		{"mynah Get", func(order []int32) {
			for _, i := range order {
				found(second(mynah.Get(keys[i])))
			}
		}},
		{"mynah AppendGet", func(order []int32) { appendGet(mynah, keys, order) }},
		{"mynah AppendGet, metrics off", func(order []int32) { appendGet(quiet, keys, order) }},
		{fmt.Sprint("mynah GetMany, ", batch, " keys"), func(order []int32) { getMany(mynah, keys, order) }},
		{"framework", func(order []int32) {
			for _, i := range order {
				_, ok := own.Get(keys[i])
				found(ok)
			}
		}},
		{"golang-lru", func(order []int32) {
			for _, i := range order {
				_, ok := plain.Get(keys[i])
				found(ok)
			}
		}},
		{"golang-lru expirable", func(order []int32) {
			for _, i := range order {
				_, ok := expiring.Get(keys[i])
				found(ok)
			}
		}},
		{"freecache", func(order []int32) {
			for _, i := range order {
				_, err := free.Get([]byte(keys[i]))
				must(err)
			}
		}},
	}
}

func appendGet(c *cache.ShardedCache, keys []string, order []int32) {
	buffer := make([]byte, 0, *valueSize)
	var ok bool
	for _, i := range order {
		buffer, ok, _ = c.AppendGet(buffer[:0], keys[i])
		found(ok)
	}
}

func getMany(c *cache.ShardedCache, keys []string, order []int32) {
	var many cache.Found
	asked := make([]string, 0, batch)
	for len(order) > 0 {
		n := min(batch, len(order))
		asked = asked[:0]
		for _, i := range order[:n] {
			asked = append(asked, keys[i])
		}
		must(c.GetMany(asked, &many))
		for i := range asked {
			_, ok := many.Value(i)
			found(ok)
		}
		order = order[n:]
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
