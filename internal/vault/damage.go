package vault

import (
	"fmt"

	"zhilu.dev/zhilu/internal/fault"
)

// Part names the piece of a stored file that is wrong.
type Part string

// The parts.
const (
	PartName    Part = "name"    // something that is not an object lies among the objects
	PartHeader  Part = "header"  // the first bytes: format, keys
	PartChunk   Part = "chunk"   // an encrypted piece of the content
	PartSidecar Part = "sidecar" // the encrypted description
	PartTrailer Part = "trailer" // the last bytes: size and digest
	PartLength  Part = "length"  // the file is longer or shorter than it says
	PartDigest  Part = "digest"  // every piece is authentic, but together they are not what the name says
	PartState   Part = "state"   // the checkpoint of an unfinished stage
	PartVersion Part = "version" // in a bucket: something newer lies over the object that was sealed
	PartLock    Part = "lock"    // in a bucket: what lies there is not protected
)

// Damage says which part of which stored file is not what was written. Verify, Open, Stat, Objects and reads return
// it inside a fault Internal "vault.damaged".
type Damage struct {
	Digest Digest // zero if the file is not named by a digest
	Path   string // below the vault, for the operator
	Part   Part
	Chunk  int64 // number of the damaged chunk, from 0; -1 if another part is damaged
	Detail string
}

// Error gives the operator's text.
func (d *Damage) Error() string {
	where := string(d.Part)
	if d.Chunk >= 0 {
		where = fmt.Sprintf("%s %d", d.Part, d.Chunk)
	}
	return fmt.Sprintf("%s: %s: %s", d.Path, where, d.Detail)
}

// Fault wraps the damage for a person: Internal "vault.damaged" with the path and the part.
func (d *Damage) Fault() error {
	return fault.Wrap(d, fault.Internal, "vault.damaged", d.Path, string(d.Part))
}
