package dock

import (
	"context"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// sent is a file whose bytes are through, with its place in the report.
type sent struct {
	at  int
	res Result
}

// settle tells each file's end once the server has looked into it and read it back from its disk, so that the line shows
// every finding and the receipt says verified; a file the server is slow with is told as it stands. It runs beside the
// sending and ends when in is closed and every file told. What it learned is in the results it returns.
func (a *Agent) settle(ctx context.Context, in <-chan sent) map[int]Result {
	told := map[int]Result{}
	tell := func(s sent) {
		told[s.at] = s.res
		a.c.OnFile(s.res)
	}
	var open []sent
	polls, pause := 0, 250*time.Millisecond
	for in != nil || len(open) > 0 {
		if len(open) == 0 { // nothing to ask for: wait for the next file
			s, ok := <-in
			if !ok {
				return told
			}
			open = append(open, s)
		}
		for more := in != nil; more; { // whatever else has arrived meanwhile
			select {
			case s, ok := <-in:
				if !ok {
					in, more, polls = nil, false, 0 // the last file gets the whole time
					break
				}
				open = append(open, s)
			default:
				more = false
			}
		}
		rest := open[:0]
		for _, s := range open {
			if s.res.upload == "" || polls >= a.c.Settle || ctx.Err() != nil || a.settled(ctx, &s.res) {
				tell(s)
			} else {
				rest = append(rest, s)
			}
		}
		if open = rest; len(open) == 0 {
			pause = 250 * time.Millisecond
			continue
		}
		if in == nil {
			polls++
		}
		_ = a.c.Pause(ctx, pause) // when ctx ends, the next round tells what is known
		pause = min(pause+pause/4, 2*time.Second)
	}
	return told
}

// settled asks for a file's findings and reports whether there is nothing left to wait for. When the server has read the
// object back, the newer receipt takes the place of the first one; one that does not verify never does.
func (a *Agent) settled(ctx context.Context, res *Result) bool {
	var out outcome
	if _, err := a.client.json(ctx, http.MethodGet, "/api/v1/uploads/"+res.upload, nil, &out); err != nil {
		return !retryable(err)
	}
	if len(out.Flags) > 0 {
		res.Flags = out.Flags
	}
	if !out.Settled {
		return false
	}
	path, inLog, err := a.receipt(ctx, "/api/v1/files/"+res.File+"/receipt", res.File, res.SHA256, res.Size)
	switch {
	case err == nil:
		res.Receipt = path
		return inLog // a moment later it can prove that, too
	case retryable(err):
		return false
	default:
		a.c.Log.WarnContext(ctx, "the later receipt was not taken", "file", res.Name, "code", fault.As(err).Code)
	}
	return true
}
