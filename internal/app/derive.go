package app

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// derivedDir is where what was made from recordings lies: apart from evidence, so that it can be emptied.
func derivedDir(p config.Place) string { return filepath.Join(p.Data, "derived") }

// derivatives opens the vault of what can be made again, and the service over it. A house without ffmpeg takes in
// evidence all the same; it only has nothing to look at.
func (h *House) derivatives(ctx context.Context, c OpenConfig, cfg localdir.Config, temp string) error {
	if cfg.Reserve == 0 {
		cfg.Reserve = localdir.DefaultReserve
	}
	cfg.Dir, cfg.Reserve = derivedDir(c.Place), 2*cfg.Reserve // it stops before evidence does
	v, err := localdir.New(ctx, cfg)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, v.Close)
	maker, err := derive.New(ctx, derive.Config{Logger: h.Log, TempDir: temp, AllowRlimit: true, Busy: h.arrivals.busy})
	if err != nil {
		h.Log.ErrorContext(ctx, "no derivatives can be made", "cause", err)
	} else if c.Serving {
		if err := maker.Sweep(); err != nil {
			h.Log.WarnContext(ctx, "private files of an earlier run are left", "cause", err)
		}
	}
	h.Derived, err = derivative.New(derivative.Config{
		DB: h.DB, Gate: h.Gate, Originals: h.Vault, Derived: v, Maker: maker, Clock: h.Clock, Log: h.Log,
	})
	return err
}

// arrivals remembers when bytes of evidence last arrived: what is made from recordings waits for them (decision 11).
type arrivals struct{ last atomic.Int64 }

// lull is how long nothing has to arrive until it counts as quiet.
const lull = 3 * time.Second

func (a *arrivals) busy() bool {
	return time.Since(time.Unix(0, a.last.Load())) < lull //nolint:forbidigo // time that passes, not the time of an act
}

func (a *arrivals) seen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = arriving{r.Body, a}
		}
		next.ServeHTTP(w, r)
	})
}

type arriving struct {
	io.ReadCloser
	a *arrivals
}

func (b arriving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.a.last.Store(time.Now().UnixNano()) //nolint:forbidigo // time that passes, not the time of an act
	}
	return n, err
}
