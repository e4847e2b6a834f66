// Package objectv1 is the codec of vault object format v1: pure functions between bytes and meaning, without files.
// docs/formats/vault-object-v1.md describes the format byte by byte; the two MUST say the same.
//
//	header 128 | frame 0 | … | frame n-1 | sidecar frame | trailer 76
//
// A frame is a 12-byte random nonce, the ciphertext, and a 16-byte tag. Every frame is sealed with the object's own
// key, which the header holds wrapped by a storage key.
package objectv1

import (
	"encoding/binary"

	"zhilu.dev/zhilu/internal/vault"
)

// Sizes in bytes.
const (
	ChunkSize   = 64 << 10                           // plain bytes of every chunk but the last
	Overhead    = nonceSize + tagSize                // what a frame adds to its plain bytes
	FrameSize   = ChunkSize + Overhead               // stored bytes of a full chunk
	HeaderSize  = 128                                // the first bytes of every object
	TrailerSize = nonceSize + trailerPlain + tagSize // the last bytes of every object
	MaxSidecar  = vault.MaxMeta + 4096               // the greatest sidecar

	nonceSize    = 12
	tagSize      = 16
	keySize      = 32
	trailerPlain = 48
)

// MaxSize is the greatest object. It keeps all offsets below 2^62 and the number of frames far below 2^32.
const MaxSize = vault.MaxSize

// Chunks is the number of chunks of size plain bytes. An empty object has one empty chunk, so that every object ends
// with a chunk marked as last.
func Chunks(size int64) int64 { return max(1, (size+ChunkSize-1)/ChunkSize) }

// ChunkLen is the number of plain bytes of one chunk.
func ChunkLen(size, index int64) int { return int(min(ChunkSize, size-index*ChunkSize)) }

// FrameOffset is where a chunk's frame begins in the file.
func FrameOffset(index int64) int64 { return HeaderSize + index*FrameSize }

// SidecarOffset is where the sidecar's frame begins in an object of size plain bytes.
func SidecarOffset(size int64) int64 { return HeaderSize + size + Chunks(size)*Overhead }

// StoredSize is the length of the whole file.
func StoredSize(size int64, sidecar int) int64 {
	return SidecarOffset(size) + int64(sidecar) + Overhead + TrailerSize
}

// Trailer is what an object's last bytes say. Sidecar is the length of the sidecar's plain bytes.
type Trailer struct {
	Size    int64
	Digest  vault.Digest
	Sidecar int
}

func (t Trailer) encode() []byte {
	b := make([]byte, trailerPlain)
	binary.BigEndian.PutUint64(b[0:], uint64(t.Size)) //nolint:gosec // never negative
	copy(b[8:], t.Digest[:])
	binary.BigEndian.PutUint32(b[40:], uint32(t.Sidecar)) //nolint:gosec // at most MaxSidecar
	return b
}

// decodeTrailer reads the plain trailer and refuses what no writer writes.
func decodeTrailer(b []byte) (Trailer, error) {
	if len(b) != trailerPlain {
		return Trailer{}, malformed("the trailer has a wrong length")
	}
	size, sidecar := binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[40:])
	if size > uint64(MaxSize) || sidecar > MaxSidecar || binary.BigEndian.Uint32(b[44:]) != 0 {
		return Trailer{}, malformed("the trailer is out of bounds")
	}
	return Trailer{Size: int64(size), Digest: vault.Digest(b[8:40]), Sidecar: int(sidecar)}, nil
}
