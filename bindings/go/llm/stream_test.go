package llm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mynah/llm"
	"mynah/mock"
)

func TestAStreamComesInPiecesAndEndsWithTheWhole(t *testing.T) {
	client, _ := talk(t, answering("one two three"))
	var pieces []string
	var whole *llm.Response
	client.ChatStream(context.Background(), ask("count"))(func(e llm.Event, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		switch e.Kind {
		case llm.EventText:
			pieces = append(pieces, e.Text)
		case llm.EventDone:
			whole = e.Response
		}
		return true
	})
	if len(pieces) < 3 || strings.Join(pieces, "") != "one two three" || whole == nil || whole.Text != "one two three" {
		t.Fatal(pieces, whole)
	}
}

func TestAStreamsTextIsCollected(t *testing.T) {
	client, _ := talk(t, answering("one two three"))
	var text strings.Builder
	answer, err := client.ChatStream(context.Background(), ask("count")).Text(func(piece string) { text.WriteString(piece) })
	if err != nil || answer.Text != text.String() {
		t.Fatal(answer, err)
	}
	if answer, err = client.ChatStream(context.Background(), ask("count")).Text(nil); err != nil || answer.Text != text.String() {
		t.Fatal(answer, err)
	}
}

func TestLeavingAStreamClosesItsConnection(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("delay_event_ms", "10"), mock.With("answer_words", "10000")})
	seen := 0
	client.ChatStream(context.Background(), ask("count"))(func(e llm.Event, err error) bool {
		if e.Kind == llm.EventText {
			seen++
		}
		return seen < 3
	})
	if seen != 3 {
		t.Fatal(seen)
	}
	waitFor(t, "the connection is closed", func() bool { stats, _ := m.Stats(); return stats.ClosedByPeer == 1 })
}

func TestAContextEndsAStream(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("delay_event_ms", "10"), mock.With("answer_words", "10000")})
	ctx, cancel := context.WithCancel(context.Background())
	var last error
	client.ChatStream(ctx, ask("count"))(func(e llm.Event, err error) bool {
		cancel()
		last = err
		return true
	})
	if !errors.Is(last, context.Canceled) {
		t.Fatal(last)
	}
	waitFor(t, "the connection is closed", func() bool { stats, _ := m.Stats(); return stats.ClosedByPeer == 1 })
}

func TestNothingIsToldOfAStreamAfterItsContextHasEnded(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("answer_words", "500")})
	for range [10]int{} {
		before, _ := client.Metrics()
		ctx, cancel := context.WithCancel(context.Background())
		var after, last = 0, error(nil)
		client.ChatStream(ctx, ask("count"))(func(e llm.Event, err error) bool {
			if ctx.Err() != nil && e.Kind != llm.EventDone {
				after++
			}
			if e.Kind == llm.EventText && ctx.Err() == nil {
				waitFor(t, "the whole answer is there", func() bool {
					now, _ := client.Metrics()
					return now.Calls > before.Calls
				})
				cancel()
			}
			last = err
			return true
		})
		if after > 0 || !errors.Is(last, context.Canceled) {
			t.Fatal(after, last)
		}
	}
}

func TestAStreamThatBreaksTellsWhatHadArrived(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("content", "no_end"), mock.With("answer", "one two three")})
	var last llm.Event
	var failure error
	client.ChatStream(context.Background(), ask("count"))(func(e llm.Event, err error) bool {
		last, failure = e, err
		return true
	})
	if !errors.Is(failure, llm.ErrTruncated) || last.Response == nil || last.Response.Text == "" || last.Response.FinishReason != "" {
		t.Fatal(last, failure)
	}
}

func TestAStreamAsAChannel(t *testing.T) {
	client, _ := talk(t, answering("one two three"))
	var text string
	var whole *llm.Response
	for chunk := range client.ChatStreamChan(context.Background(), ask("count")) {
		if chunk.Err != nil {
			t.Fatal(chunk.Err)
		}
		if chunk.Kind == llm.EventText {
			text += chunk.Text
		}
		if chunk.Kind == llm.EventDone {
			whole = chunk.Response
		}
	}
	if text != "one two three" || whole == nil {
		t.Fatal(text)
	}
}

func TestAChannelsLastChunkTellsThatItsContextEnded(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("answer_words", "50")})
	once := func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var ends []llm.Chunk
		for chunk := range client.ChatStreamChan(ctx, ask("count")) {
			cancel()
			if chunk.Kind == llm.EventDone {
				ends = append(ends, chunk)
			}
		}
		// The answer may be whole already when it is cancelled.
		if len(ends) != 1 || ends[0].Response == nil && !errors.Is(ends[0].Err, context.Canceled) {
			t.Fatal(ends)
		}
	}
	for i := 0; i < 100; i++ {
		once()
	}
}

func TestAChannelThatIsAbandonedEndsWithItsContext(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("delay_event_ms", "10"), mock.With("answer_words", "10000")})
	ctx, cancel := context.WithCancel(context.Background())
	chunks := client.ChatStreamChan(ctx, ask("count"))
	<-chunks
	cancel()
	waitFor(t, "the connection is closed", func() bool { stats, _ := m.Stats(); return stats.ClosedByPeer == 1 })
	for range chunks {
	}
}
