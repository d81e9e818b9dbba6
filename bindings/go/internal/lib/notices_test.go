package lib

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestNoticesAreToldInTheirOrderAndHoldNobodyUp(t *testing.T) {
	before := runtime.NumGoroutine()
	var n Notices
	n.Wait()
	release := make(chan struct{})
	var told []int
	n.Tell(func() { <-release })
	for i := 0; i < 100; i++ {
		n.Tell(func() { told = append(told, i) })
	}
	close(release)
	n.Wait()
	if len(told) != 100 || !slices.IsSorted(told) {
		t.Fatal(told)
	}
	n.Tell(func() { told = nil })
	n.Wait()
	if told != nil {
		t.Fatal(told)
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(runtime.NumGoroutine(), before)
		}
	}
}

func TestWhatIsToldMayWaitAndTell(t *testing.T) {
	var n Notices
	told := make(chan bool, 1)
	n.Tell(func() {
		n.Tell(func() { told <- true })
		n.Wait()
	})
	n.Wait()
	if !<-told {
		t.Fatal()
	}
}

func TestNoticesBeyondTheBoundAreDropped(t *testing.T) {
	var n Notices
	release, begun := make(chan struct{}), make(chan struct{})
	n.Tell(func() { close(begun); <-release })
	<-begun
	count := 0
	for i := 0; i < most+10; i++ {
		n.Tell(func() { count++ })
	}
	close(release)
	n.Wait()
	if count != most {
		t.Fatal(count)
	}
}
