package objectv1

import (
	"encoding/binary"
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

const stateMagic = "ZLVSTG1\n"

// State is the checkpoint of a stage: all that is needed to go on after a restart without reading the bytes again.
// The durable offset is Frames×ChunkSize + len(Tail).
type State struct {
	Size    int64 // announced length, or -1
	Frames  int64 // full chunks in the staging file
	Begun   time.Time
	Touched time.Time
	Hash    []byte // SHA-256 over all bytes up to the offset, as crypto/sha256 marshals it
	Node    string
	Meta    []byte // the caller's JSON, or empty
	Tail    []byte // bytes after the last full chunk; a full chunk waits here too, since it may be the last one
}

// Offset is the number of durable bytes.
func (s State) Offset() int64 { return s.Frames*ChunkSize + int64(len(s.Tail)) }

// MaxState is the greatest length of a checkpoint file.
const MaxState = int64(len(stateMagic)) + Overhead + stateFixed + 4*4 + maxHash + maxNode + MaxSidecar + ChunkSize

const (
	stateFixed = 4 * 8
	maxHash    = 256
	maxNode    = 63
)

func (s State) encode() []byte {
	b := make([]byte, stateFixed, stateFixed+4*4+len(s.Hash)+len(s.Node)+len(s.Meta)+len(s.Tail))
	for i, v := range []int64{s.Size, s.Frames, clock.Micros(s.Begun), clock.Micros(s.Touched)} {
		binary.BigEndian.PutUint64(b[8*i:], uint64(v)) //nolint:gosec // two's complement on purpose
	}
	for _, part := range [][]byte{s.Hash, []byte(s.Node), s.Meta, s.Tail} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // all bounded below
		b = append(b, part...)
	}
	return b
}

// decodeState reads a plain checkpoint and refuses what no writer writes.
func decodeState(b []byte) (State, error) {
	if len(b) < stateFixed {
		return State{}, malformed("the checkpoint is too short")
	}
	var v [4]int64
	for i := range v {
		v[i] = int64(binary.BigEndian.Uint64(b[8*i:])) //nolint:gosec // two's complement on purpose
	}
	b = b[stateFixed:]
	var parts [4][]byte
	for i, limit := range [4]uint32{maxHash, maxNode, MaxSidecar, ChunkSize} {
		if len(b) < 4 {
			return State{}, malformed("the checkpoint is too short")
		}
		n := binary.BigEndian.Uint32(b)
		if n > limit || int(n) > len(b)-4 {
			return State{}, malformed("a length in the checkpoint is out of bounds")
		}
		parts[i], b = b[4:4+n], b[4+n:]
	}
	s := State{
		Size: v[0], Frames: v[1], Begun: clock.FromMicros(v[2]), Touched: clock.FromMicros(v[3]),
		Hash: parts[0], Node: string(parts[1]), Meta: parts[2], Tail: parts[3],
	}
	if len(b) != 0 || s.Size < -1 || s.Size > MaxSize || s.Frames < 0 || s.Frames > MaxSize/ChunkSize ||
		(s.Size >= 0 && s.Offset() > s.Size) {
		return State{}, malformed("the checkpoint contradicts itself")
	}
	return s, nil
}
