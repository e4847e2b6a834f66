package disclosure

import "math"

// A package leaves as a zip whose members are stored, not deflated: footage does not shrink. So its length is known before its first
// byte, and a browser can show how much is left.
const (
	localHeader   = 30
	centralHeader = 46
	ending32      = 22
	ending64      = 56 + 20 // record and locator
	descriptor32  = 16
	descriptor64  = 24
	extra64       = 28 // sizes and offset in the list of members
)

// zipSize is the length of a zip with these members as package archive/zip writes it without knowing their sizes ahead.
func zipSize(files []listed) int64 {
	var at, list int64
	for _, f := range files {
		offset, big := at, f.Size >= math.MaxUint32
		at += localHeader + int64(len(f.Name)) + f.Size + descriptor32
		list += centralHeader + int64(len(f.Name))
		if big {
			at += descriptor64 - descriptor32
		}
		if big || offset >= math.MaxUint32 {
			list += extra64
		}
	}
	size := at + list + ending32
	if len(files) >= math.MaxUint16 || list >= math.MaxUint32 || at >= math.MaxUint32 {
		size += ending64
	}
	return size
}

// Encryption cuts what it encrypts into chunks, each with a tag.
const (
	ageChunk = 64 << 10
	ageTag   = 16
	ageNonce = 16
)

// ageSize is how long size bytes are once they are encrypted, behind a header.
func ageSize(header, size int64) int64 {
	return header + ageNonce + size + ageTag*max(1, (size+ageChunk-1)/ageChunk)
}
