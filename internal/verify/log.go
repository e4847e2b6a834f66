package verify

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/verify/source"
)

const (
	tileWidth     = 256
	hashSize      = 32
	maxBundle     = tileWidth * (2 + 1<<16)
	maxCheckpoint = 64 << 10
	maxLogSize    = 1 << 40 // entries; more is a lie
)

// Log walks a whole log: every bundle of entries and every tile. It computes the tree again from the entries alone and
// compares tiles, root and signature; an older checkpoint, if given, must be the head of a part of the same tree. An
// error means that the log cannot be reached; a missing or damaged resource is in the report.
func Log(ctx context.Context, f source.Fetcher, o Options) (*Report, error) {
	r := &Report{Kind: "log"}
	msg, err := f.Fetch(ctx, "checkpoint", maxCheckpoint)
	if err != nil {
		return nil, err
	}
	trust := o.Trust
	if trust == nil {
		// The log's own keys tell whether it is intact; whether they are whose they claim to be stays unknown.
		if own, err := f.Fetch(ctx, "trust.json", maxTrust); err == nil {
			if trust, err = ParseTrust(own); err != nil {
				trust = nil
			}
		}
	}
	h, ok := parseCheckpointText(msg)
	if !ok {
		r.unreadable("checkpoint.form", "")
		return r, nil
	}
	r.describe(h)
	if trust == nil {
		r.RecordIntact.settle(Yes, "checkpoint.signature_unchecked", "")
	} else {
		opened, code := openCheckpoint(msg, trust.logVerifiers())
		if code != "" {
			r.unreadable(code, "")
			return r, nil
		}
		h = opened
	}
	r.judgeLogKey(h, o.Trust)
	w := &walker{fetch: f, report: r, head: h, filling: map[uint]*tileBuffer{}}
	w.rng = (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	if len(o.Older) > 0 {
		w.setOlder(checkpointIn(o.Older), trust)
	}
	if err := w.cosigned(ctx, msg, o, trust); err != nil {
		return nil, err
	}
	r.RecordIntact.settle(Yes, "", "")
	if err := w.walk(ctx); err != nil {
		return nil, err
	}
	r.InLog.settle(Yes, "", "")
	return r, nil
}

// tileBuffer is a tile that is being computed.
type tileBuffer struct {
	n    uint64
	data []byte
}

type walker struct {
	fetch   source.Fetcher
	report  *Report
	head    head
	older   []head
	rng     *compact.Range
	filling map[uint]*tileBuffer // by tile level
	full    []fullTile           // computed and not compared yet
}

type fullTile struct {
	level uint
	n     uint64
	data  []byte
}

// setOlder takes an older checkpoint to compare with.
func (w *walker) setOlder(msg []byte, trust *Trust) {
	older, ok := parseCheckpointText(msg)
	code := "checkpoint.form"
	if ok && trust != nil {
		older, code = openCheckpoint(msg, trust.logVerifiers())
	} else if ok {
		code = ""
	}
	switch {
	case code != "":
		w.report.InLog.settle(No, code, "older")
	case older.origin != w.head.origin:
		w.report.InLog.settle(No, "origin.other", "older")
	case older.size > w.head.size:
		w.report.InLog.settle(No, "log.behind", strconv.FormatInt(older.size, 10))
		w.tellEpoch(trust, older.size)
	default:
		w.older = append(w.older, older)
		w.tellEpoch(trust, older.size)
	}
}

// tellEpoch adds, where the log declared that it gave up checkpoints of this size, which entry says so.
func (w *walker) tellEpoch(trust *Trust, size int64) {
	if trust == nil {
		return
	}
	if e := trust.epochThatLost(size); e != nil {
		w.report.InLog.Reasons = append(w.report.InLog.Reasons, Reason{"log.epoch", e.Entry})
	}
}

// walk goes through all bundles. Damage is reported; only cancellation and an unreachable log are errors.
func (w *walker) walk(ctx context.Context) error {
	if w.head.size > maxLogSize {
		w.report.RecordIntact.settle(No, "log.size", "")
		return nil
	}
	w.compareOlder(0)
	for n := int64(0); n*tileWidth < w.head.size; n++ {
		width := min(tileWidth, w.head.size-n*tileWidth)
		path := tilePath("entries", n, width)
		data, err := w.get(ctx, path, maxBundle)
		if err != nil {
			return err
		}
		if data == nil {
			return nil
		}
		leaves := splitBundle(data)
		if int64(len(leaves)) != width {
			w.report.RecordIntact.settle(No, "bundle.form", path)
			return nil
		}
		for _, l := range leaves {
			if _, _, ok := leaf(string(l)); !ok {
				w.report.RecordIntact.settle(No, "leaf.form", strconv.FormatInt(w.report.Entries, 10))
			}
			if err := w.rng.Append(leafHash(l), w.collect); err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			w.report.Entries++
			w.compareOlder(w.report.Entries)
		}
		if err := w.compareTiles(ctx); err != nil {
			return err
		}
	}
	root := w.root()
	if !bytes.Equal(root, w.head.root) {
		w.report.RecordIntact.settle(No, "log.root", "")
	}
	for level, t := range w.filling { // the partial tiles of the right edge
		if len(t.data) > 0 {
			w.full = append(w.full, fullTile{level, t.n, t.data})
		}
	}
	return w.compareTiles(ctx)
}

func (w *walker) root() []byte {
	if w.report.Entries == 0 {
		return rfc6962.DefaultHasher.EmptyRoot()
	}
	root, err := w.rng.GetRootHash(nil)
	if err != nil {
		return nil
	}
	return root
}

func (w *walker) compareOlder(size int64) {
	for _, o := range w.older {
		if o.size == size && !bytes.Equal(w.root(), o.root) {
			w.report.InLog.settle(No, "log.inconsistent", strconv.FormatInt(size, 10))
		}
	}
}

// collect takes the hashes that tiles hold: those of levels 0, 8, 16 …
func (w *walker) collect(id compact.NodeID, hash []byte) {
	if id.Level%8 != 0 {
		return
	}
	level := id.Level / 8
	t := w.filling[level]
	if t == nil {
		t = &tileBuffer{}
		w.filling[level] = t
	}
	t.data = append(t.data, hash...)
	if len(t.data) == tileWidth*hashSize {
		w.full = append(w.full, fullTile{level, t.n, t.data})
		w.filling[level] = &tileBuffer{n: t.n + 1}
	}
}

// compareTiles fetches the tiles that were computed and compares them.
func (w *walker) compareTiles(ctx context.Context) error {
	for _, t := range w.full {
		path := tilePath(strconv.FormatUint(uint64(t.level), 10), int64(t.n), int64(len(t.data)/hashSize)) //nolint:gosec // bounded by maxLogSize
		data, err := w.get(ctx, path, tileWidth*hashSize)
		if err != nil {
			return err
		}
		if data != nil && !bytes.Equal(data, t.data) {
			w.report.RecordIntact.settle(No, "tile.wrong", path)
		}
	}
	w.full = w.full[:0]
	return nil
}

// get fetches a resource; nil means that it is missing or too large, which is reported.
func (w *walker) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := w.fetch.Fetch(ctx, path, limit)
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("verify: %w", err)
	case fault.Is(err, fault.NotFound):
		w.report.RecordIntact.settle(No, "resource.missing", path)
	case fault.Is(err, fault.TooLarge):
		w.report.RecordIntact.settle(No, "resource.too_large", path)
	default:
		return nil, err
	}
	return nil, nil // it is in the report
}

// splitBundle reads an entry bundle, nil if its form is wrong.
func splitBundle(data []byte) [][]byte {
	var out [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil
		}
		n := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+n || len(out) == tileWidth {
			return nil
		}
		out = append(out, data[2:2+n])
		data = data[2+n:]
	}
	return out
}

// tilePath is the path of a tile or bundle (C2SP tlog-tiles).
func tilePath(level string, n, width int64) string {
	number := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		number = fmt.Sprintf("x%03d/%s", n%1000, number)
	}
	path := "tile/" + level + "/" + number
	if width < tileWidth {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}
