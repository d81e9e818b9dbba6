// cache: bytes under keys, with lifetimes, bounds and figures.
package main

import (
	"fmt"
	"log"
	"time"

	"mynah/cache"
)

func main() {
	c, err := cache.New(
		cache.WithWorkloadType(cache.WorkloadReadHeavy),
		cache.WithCapacity(10_000),
		cache.WithMaxMemoryMB(64),
		cache.WithTTL(time.Hour),
	)
	if err != nil {
		log.Fatal(err) // names the option, the value and the range
	}
	defer c.Close()

	// One entry, with a lifetime of its own.
	if err := c.Set("greeting", "hello", 5*time.Minute); err != nil {
		log.Fatal(err)
	}
	value, ok, err := c.Get("greeting")
	fmt.Printf("greeting: %s %v %v\n", value, ok, err)

	// Many entries in one crossing into the library.
	var entries []cache.Entry
	var keys []string
	for i := 0; i < 1000; i++ {
		keys = append(keys, fmt.Sprint("user:", i))
		entries = append(entries, cache.Entry{Key: keys[i], Value: []byte(fmt.Sprint("name ", i))})
	}
	if err := c.SetMany(entries, 0); err != nil {
		log.Fatal(err)
	}
	var found cache.Found // keeps its memory from one GetMany to the next
	if err := c.GetMany(keys, &found); err != nil {
		log.Fatal(err)
	}
	last, _ := found.Value(999)
	fmt.Printf("%s: %s\n", keys[999], last)

	// A hit into the caller's own buffer allocates nothing.
	buffer := make([]byte, 0, 64)
	for _, key := range keys {
		buffer, _, _ = c.AppendGet(buffer[:0], key)
	}

	// While it is in use: another number of shards, fewer entries.
	if err := c.Resize(16); err != nil {
		log.Fatal(err)
	}
	removed, _ := c.RemovePrefix("user:9")
	figures, err := c.Metrics()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d removed, %d left in %d shards, hit rate %.2f, mean hit %v\n",
		removed, figures.ItemCount, c.GetShardCount(), figures.HitRate, figures.AvgGetLatency)
}
