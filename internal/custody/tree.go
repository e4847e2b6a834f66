package custody

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree is kept as tiles of height 8, as C2SP tlog-tiles serves them: tile (level, n) holds up to 256 hashes, each
// the root of a full tile of the level below (at level 0: a leaf hash). Rows grow to the right and never change
// otherwise, so a tile of any earlier, smaller tree is a prefix of the stored one.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	tileLevels = 8 // 2^64 leaves
)

// tileKey names a tile.
type tileKey struct {
	level int
	n     int64
}

// tileLoader reads a tile's bytes; a missing tile is an error.
type tileLoader func(ctx context.Context, k tileKey) ([]byte, error)

// tileReader reads stored hashes from tiles, loading each tile once. It is not safe for concurrent use.
type tileReader struct {
	ctx   context.Context // tlog.HashReader takes no context; a reader lives for one call
	load  tileLoader
	tiles map[tileKey][]byte
}

func newTileReader(ctx context.Context, load tileLoader) *tileReader {
	return &tileReader{ctx: ctx, load: load, tiles: map[tileKey][]byte{}}
}

func (r *tileReader) tile(k tileKey) ([]byte, error) {
	if data, ok := r.tiles[k]; ok {
		return data, nil
	}
	data, err := r.load(r.ctx, k)
	if err != nil {
		return nil, err
	}
	r.tiles[k] = data
	return data, nil
}

// ReadHashes implements tlog.HashReader.
func (r *tileReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(tileHeight, x)
		data, err := r.tile(tileKey{t.L, t.N})
		if err != nil {
			return nil, err
		}
		if len(data) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("custody: tile %d/%d holds %d hashes, not %d", t.L, t.N, len(data)/tlog.HashSize, t.W)
		}
		if out[i], err = tlog.HashFromTile(t, data, x); err != nil {
			return nil, fmt.Errorf("custody: tile %d/%d: %w", t.L, t.N, err)
		}
	}
	return out, nil
}

// edge is the right border of a tree: what must be known to extend it.
type edge struct {
	size  int64
	tiles *tileReader
	dirty map[tileKey]bool
}

func newEdge(size int64, r *tileReader) *edge {
	return &edge{size: size, tiles: r, dirty: map[tileKey]bool{}}
}

// append adds leaf hashes and, wherever a tile becomes full, its root to the level above.
func (e *edge) append(leaves []tlog.Hash) error {
	for _, h := range leaves {
		n := e.size // the hash's place in its level
		for level := 0; level < tileLevels; level++ {
			k := tileKey{level, n / tileWidth}
			var data []byte
			if n%tileWidth != 0 {
				var err error
				if data, err = e.tiles.tile(k); err != nil {
					return err
				}
			}
			if have := int64(len(data)); have < n%tileWidth*tlog.HashSize {
				return fmt.Errorf("custody: tile %d/%d is too short", k.level, k.n)
			}
			// A tile row may be ahead of the tree only if somebody wrote it by hand: cut it.
			data = append(data[:n%tileWidth*tlog.HashSize:n%tileWidth*tlog.HashSize], h[:]...)
			e.tiles.tiles[k] = data
			e.dirty[k] = true
			if n%tileWidth != tileWidth-1 {
				break
			}
			h = tileRoot(data)
			n /= tileWidth
		}
		e.size++
	}
	return nil
}

// root is the tree's root hash.
func (e *edge) root() (tlog.Hash, error) {
	h, err := tlog.TreeHash(e.size, e.tiles)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("custody: root of %d leaves: %w", e.size, err)
	}
	return h, nil
}

// tileRoot is the root of a full tile.
func tileRoot(data []byte) tlog.Hash {
	row := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range row {
		copy(row[i][:], data[i*tlog.HashSize:])
	}
	for len(row) > 1 {
		for i := range len(row) / 2 {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
		row = row[:len(row)/2]
	}
	return row[0]
}
