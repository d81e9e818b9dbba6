package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// framework is a cache as the tuning guide's own framework has it: string keys
// spread over shards by FNV-1a, in each an RWMutex, always locked for writing,
// around a map and a list in order of use, an expiry that is compared with
// time.Now on every look-up, counters, and values behind an interface.
type framework struct {
	shards       []*frameworkShard
	hits, misses atomic.Int64
}

type frameworkShard struct {
	mu       sync.RWMutex
	entries  map[string]*frameworkEntry
	newest   *frameworkEntry
	oldest   *frameworkEntry
	capacity int
}

type frameworkEntry struct {
	key          string
	value        any
	expires      time.Time
	newer, older *frameworkEntry
}

func newFramework(capacity, shards int) *framework {
	f := &framework{shards: make([]*frameworkShard, shards)}
	for i := range f.shards {
		f.shards[i] = &frameworkShard{entries: map[string]*frameworkEntry{}, capacity: capacity / shards}
	}
	return f
}

func (f *framework) shard(key string) *frameworkShard {
	hash := uint32(2166136261)
	for i := 0; i < len(key); i++ {
		hash = (hash ^ uint32(key[i])) * 16777619
	}
	return f.shards[hash&uint32(len(f.shards)-1)]
}

func (f *framework) Get(key string) (any, bool) {
	s := f.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, ok := s.entries[key]
	if !ok || time.Now().After(entry.expires) {
		if ok {
			s.unlink(entry)
			delete(s.entries, key)
		}
		f.misses.Add(1)
		return nil, false
	}
	if s.newest != entry {
		s.unlink(entry)
		s.link(entry)
	}
	f.hits.Add(1)
	return entry.value, true
}

func (f *framework) Set(key string, value any, ttl time.Duration) {
	s := f.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if entry, ok := s.entries[key]; ok {
		entry.value, entry.expires = value, time.Now().Add(ttl)
		s.unlink(entry)
		s.link(entry)
		return
	}
	if len(s.entries) >= s.capacity && s.oldest != nil {
		delete(s.entries, s.oldest.key)
		s.unlink(s.oldest)
	}
	entry := &frameworkEntry{key: key, value: value, expires: time.Now().Add(ttl)}
	s.entries[key] = entry
	s.link(entry)
}

func (s *frameworkShard) link(entry *frameworkEntry) {
	entry.newer, entry.older = nil, s.newest
	if s.newest != nil {
		s.newest.newer = entry
	} else {
		s.oldest = entry
	}
	s.newest = entry
}

func (s *frameworkShard) unlink(entry *frameworkEntry) {
	if entry.newer != nil {
		entry.newer.older = entry.older
	} else {
		s.newest = entry.older
	}
	if entry.older != nil {
		entry.older.newer = entry.newer
	} else {
		s.oldest = entry.newer
	}
}
