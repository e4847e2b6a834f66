package dock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// send moves a file's bytes, going on where an earlier try stopped, and gives their digest and the server's word.
func (a *Agent) send(ctx context.Context, card string, e Entry, f *os.File, n *note) (string, outcome, error) {
	h := sha256.New()
	offset := int64(-1)
	if n.Upload != "" {
		at, err := a.client.offset(ctx, n.Upload)
		switch {
		case err == nil:
			offset = at
		case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict): // sealed, expired, or never there
			if out, ok := a.ended(ctx, n.Upload); ok {
				sum, err := a.digest(e)
				return sum, out, err
			}
		default:
			return "", outcome{}, err
		}
	}
	if offset < 0 {
		if err := a.begin(ctx, card, e, n); err != nil {
			return "", outcome{}, err
		}
		offset = 0
	}
	if _, err := io.CopyN(h, f, offset); err != nil { // what was sent before belongs to the whole file's digest
		return "", outcome{}, fault.Wrap(err, fault.Unavailable, "dock.file_unreadable")
	}
	if err := a.chunks(ctx, e, f, h, n.Upload, offset); err != nil {
		if errors.Is(err, errMoved) || mismatched(err) {
			err = errors.Join(err, a.forget(*n)) // the upload and the file no longer agree: begin anew
		}
		if fault.Is(err, fault.NotFound) { // the server that had it is gone for good: another takes the file from the start
			err = errors.Join(fault.Wrap(err, fault.Unavailable, "dock.upload_gone"), a.forget(*n))
		}
		return "", outcome{}, err
	}
	out, ok := a.ended(ctx, n.Upload)
	if !ok {
		return "", outcome{}, fault.New(fault.Unavailable, "dock.no_outcome")
	}
	return hex.EncodeToString(h.Sum(nil)), out, nil
}

// errMoved says that the file changed or shrank while it was read.
var errMoved = errors.New("the file changed while it was read")

// mismatched reports whether the server received other bytes than the file has: the upload is lost.
func mismatched(err error) bool {
	return fault.HasCode(err, "upload.digest_mismatch") || fault.HasCode(err, "vault.digest_mismatch")
}

func (a *Agent) begin(ctx context.Context, card string, e Entry, n *note) error {
	sum := ""
	if e.Size == 0 {
		empty := sha256.Sum256(nil)
		sum = hex.EncodeToString(empty[:])
	}
	meta := metadata("filename", path.Base(e.Path), "path", e.Path, "mtime", e.ModTime.Format(time.RFC3339Nano), "card", card, "sha256", sum)
	address, err := a.client.create(ctx, e.Size, meta)
	if err != nil {
		return err
	}
	n.Upload = address
	if err := a.journal.put(*n); err != nil {
		return fault.Wrap(err, fault.Unavailable, "dock.state_dir")
	}
	return nil
}

// piece is a chunk ready to be sent.
type piece struct {
	bytes []byte
	sum   [sha256.Size]byte
	whole string // the file's digest, with its last chunk
	err   error
}

// chunks sends the rest of a file. While one chunk is on its way the next is read and hashed.
func (a *Agent) chunks(ctx context.Context, e Entry, f io.Reader, h hash.Hash, address string, offset int64) error {
	ctx, cancel := context.WithCancel(ctx)
	ahead := make(chan piece)
	ended := make(chan struct{})
	defer func() { // h and f are the caller's again when this returns
		cancel()
		<-ended
	}()
	free := make(chan []byte, 2)
	for range cap(free) {
		free <- nil
	}
	go func() {
		defer close(ended)
		defer close(ahead)
		for at := offset; at < e.Size; {
			var buf []byte
			select {
			case buf = <-free:
			case <-ctx.Done():
				return
			}
			if buf == nil {
				buf = make([]byte, min(int64(a.c.Chunk), e.Size-at))
			}
			p := readPiece(f, h, buf[:min(int64(len(buf)), e.Size-at)], e.Size-at, at == 0)
			select {
			case ahead <- p:
			case <-ctx.Done():
				return
			}
			if p.err != nil {
				return
			}
			at += int64(len(p.bytes))
		}
	}()
	for p := range ahead {
		if p.err != nil {
			return p.err
		}
		if err := a.chunk(ctx, address, offset, p); err != nil {
			return err
		}
		offset += int64(len(p.bytes))
		a.c.OnMove(Progress{e.Path, offset, e.Size})
		free <- p.bytes[:cap(p.bytes)]
	}
	return ctx.Err()
}

// readPiece fills buf with the next bytes of the file, of which left are to come. A file that is one piece is hashed once.
func readPiece(f io.Reader, h hash.Hash, buf []byte, left int64, first bool) piece {
	if _, err := io.ReadFull(f, buf); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errMoved
		}
		return piece{err: fault.Wrap(err, fault.Unavailable, "dock.file_unreadable")}
	}
	h.Write(buf)
	p := piece{bytes: buf}
	last := left == int64(len(buf))
	if last {
		p.whole = hex.EncodeToString(h.Sum(nil))
	}
	if first && last {
		h.Sum(p.sum[:0])
	} else {
		p.sum = sha256.Sum256(buf)
	}
	return p
}

// leastPart is the smallest part of a chunk that is sent alone. A line on which not even that gets through carries nothing.
const leastPart = 64 << 10

// chunk sends one chunk. After a broken connection it asks what arrived, so that at most this chunk goes out twice; and a
// chunk that did not get through is sent in parts, each half as long as the one before until they do: a chunk counts
// only whole, and on a line that breaks every few hundred kilobytes a long one never would.
func (a *Agent) chunk(ctx context.Context, address string, offset int64, p piece) error {
	most := len(p.bytes)
	var wrong error // the whole file's digest differs: sending this chunk again cannot help
	for len(p.bytes) > 0 {
		part := p
		err := a.retry(ctx, func() error {
			if part = p; most < len(p.bytes) {
				part = piece{bytes: p.bytes[:most], sum: sha256.Sum256(p.bytes[:most])}
			}
			err := a.client.patch(ctx, address, offset, part)
			switch {
			case err == nil || !retryable(err):
				return err
			case mismatched(err):
				wrong = err
				return nil
			}
			at, herr := a.client.offset(ctx, address)
			if n := at - offset; herr == nil && n > 0 && n <= int64(len(p.bytes)) {
				part.bytes = p.bytes[:n] // it arrived, or a longer one before it did; only the answer was lost
				return nil
			}
			if _, ok := a.ended(ctx, address); part.whole != "" && ok {
				return nil
			}
			if fault.Is(err, fault.Unavailable) {
				most = max(leastPart, len(part.bytes)/2)
			}
			return err
		})
		if err = errors.Join(err, wrong); err != nil {
			return err
		}
		n := len(part.bytes)
		offset, most = offset+int64(n), 2*n
		p.bytes = p.bytes[n:]
		p.sum = sha256.Sum256(p.bytes)
	}
	return nil
}

// uploadID is the last part of an upload's address.
func uploadID(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

// ended asks what became of an upload; ok only when its file is in the vault.
func (a *Agent) ended(ctx context.Context, address string) (outcome, bool) {
	var out outcome
	if _, err := a.client.json(ctx, http.MethodGet, "/api/v1/uploads/"+uploadID(address), nil, &out); err != nil {
		return outcome{}, false
	}
	return out, out.Status == string(Sealed) || out.Status == string(Duplicate)
}
