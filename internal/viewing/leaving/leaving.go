// Package leaving asks again, while something leaves the house, whether it still may: a consent that is taken back and a recording that
// is frozen stop what is being sent (T6, decision 21).
package leaving

import "io"

// Every is how many bytes go out between two askings where nothing asks for less often.
const Every = 1 << 20

// Reader reads what leaves and fails with what ask answers once it may not any more.
type Reader struct {
	src   io.Reader
	every int
	ask   func() error
	left  int
}

// NewReader makes a Reader over src that asks every so many bytes; ask was answered well a moment ago.
func NewReader(src io.Reader, every int, ask func() error) *Reader {
	return &Reader{src, every, ask, every}
}

// Read gives at most what may go out before it is asked again.
func (r *Reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		if err := r.ask(); err != nil {
			return 0, err
		}
		r.left = r.every
	}
	n, err := r.src.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
