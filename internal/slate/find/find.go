// Package find looks for slates (场记码) in footage. It says which it found, where in the file, and what each is worth; it recognises nothing
// else, and no person.
package find

import (
	"context"
	"crypto/ed25519"
	"errors"
	"image"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/slate"
	"zhilu.dev/zhilu/internal/slate/qr"
)

// Film gives pictures of footage with their times; *derive.Maker is one.
type Film interface {
	Frames(ctx context.Context, s derive.Source, every time.Duration, keys bool, take func(at time.Duration, picture *image.Gray) error) error
}

// Hit is one slate in a file: the same text seen in one or more pictures.
type Hit struct {
	Text    string
	Slate   slate.Slate // meaningful as slate.Judge says
	Verdict slate.Verdict
	First   time.Duration // on the file's time line, of the first picture that shows it
	Last    time.Duration // of the last
}

// step is how far apart pictures are that are looked at. A slate is shown for longer.
const step = 500 * time.Millisecond

// sparse is how far apart, at most and on the average, pictures that stand by themselves may lie to be looked at alone.
const sparse = 2 * time.Second

// Options narrow a search.
type Options struct {
	Keys []ed25519.PublicKey
	Want slate.Expected
	// Anything takes a slate of whatever activity for genuine: nobody said which one it ought to be.
	Anything bool
	// Enough ends the search early; nil searches to the end.
	Enough func(found []Hit) bool
	// Progress is told how far the search has come; nil for nobody who watches.
	Progress func(at time.Duration)
}

var errEnough = errors.New("find: enough")

// InFilm looks for slates in a film: first in the pictures that stand by themselves, which takes a fraction of the time, and where these lie
// too far apart in one picture each half second. Faults are those of derive.Maker.Frames.
func InFilm(ctx context.Context, m Film, s derive.Source, o Options) ([]Hit, error) {
	for _, keys := range []bool{true, false} {
		var found []Hit
		n, last, widest := 0, time.Duration(0), time.Duration(0)
		err := m.Frames(ctx, s, step, keys, func(at time.Duration, picture *image.Gray) error {
			n, widest, last = n+1, max(widest, at-last), at
			if o.Progress != nil {
				o.Progress(at)
			}
			found = seen(found, at, picture, qr.Quick, o)
			if o.Enough != nil && o.Enough(found) {
				return errEnough
			}
			return ctx.Err()
		})
		widest = max(widest, s.Facts.Duration-last)
		switch {
		case errors.Is(err, errEnough):
			return found, nil
		case err != nil:
			return found, err
		case !keys || n > 0 && widest <= sparse:
			return found, nil
		}
	}
	return nil, nil
}

// InPicture looks for slates in one picture, with more patience.
func InPicture(picture *image.Gray, o Options) []Hit {
	return seen(nil, 0, picture, qr.Thorough, o)
}

// seen adds what a picture shows.
func seen(found []Hit, at time.Duration, picture *image.Gray, effort qr.Effort, o Options) []Hit {
	for _, text := range qr.Read(picture, effort) {
		if i := slices.IndexFunc(found, func(h Hit) bool { return h.Text == text }); i >= 0 {
			found[i].Last = at
			continue
		}
		s, v := slate.Judge(text, o.Keys, o.Want)
		if o.Anything && v == slate.Replayed {
			v = slate.Genuine
		}
		if v == slate.Unreadable {
			continue // a code of somebody else's that happens to have this form
		}
		found = append(found, Hit{Text: text, Slate: s, Verdict: v, First: at, Last: at})
	}
	return found
}
