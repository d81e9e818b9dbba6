package lib

/*
#include <stdint.h>

// An address that no other thread has at the same time.
static uintptr_t go_thread(void) {
	static _Thread_local char here;
	return (uintptr_t)&here;
}
*/
import "C"

import (
	"runtime"
	"sync"
)

// most is how much may wait to be told, as in a queue of the library's.
const most = 10_000

// Notices tells functions of the caller's what the library says, one thing after
// the other, on a goroutine that is there while there is something to tell: so
// they hold up neither the library nor the calls it told of.
type Notices struct {
	mu      sync.Mutex
	waiting []func()
	// told is closed when nothing waits any more; nil while nothing does.
	told chan struct{}
	// thread is the teller's own.
	thread C.uintptr_t
}

// Tell has a function called. What comes while too much waits is dropped.
func (n *Notices) Tell(function func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.waiting) >= most {
		return
	}
	n.waiting = append(n.waiting, function)
	if n.told == nil {
		n.told = make(chan struct{})
		go n.tell()
	}
}

func (n *Notices) tell() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		function := n.next()
		if function == nil {
			return
		}
		Called(function)
	}
}

func (n *Notices) next() func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.waiting) == 0 {
		close(n.told)
		n.waiting, n.told, n.thread = nil, nil, 0
		return nil
	}
	n.thread = C.go_thread()
	function := n.waiting[0]
	n.waiting[0], n.waiting = nil, n.waiting[1:]
	return function
}

// Listener is a function of the caller's that is told through Notices.
type Listener[F any] struct {
	Told F
	*Notices
}

// Wait waits until all has been told, unless it is called by what is being told.
func (n *Notices) Wait() {
	if n == nil { // of an object that was never made
		return
	}
	n.mu.Lock()
	told, own := n.told, n.thread == C.go_thread()
	n.mu.Unlock()
	if told != nil && !own {
		<-told
	}
}
