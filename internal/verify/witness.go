package verify

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Cosignature is a witness's signature that holds: at that time it had seen the log up to that size, and the log had only
// grown since it looked first.
type Cosignature struct {
	Witness string    `json:"witness"`
	Size    int64     `json:"size"`
	At      time.Time `json:"at"`
}

// witnessKey is the public key of a witness (C2SP tlog-cosignature, Ed25519).
type witnessKey struct {
	name   string
	id     []byte
	public ed25519.PublicKey
}

const cosignatureAlgorithm = 4

// parseWitness reads "name+hash+key".
func parseWitness(vkey string) (witnessKey, bool) {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \n") {
		return witnessKey{}, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != cosignatureAlgorithm {
		return witnessKey{}, false
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return witnessKey{}, false
	}
	return witnessKey{parts[0], sum[:4], raw[1:]}, true
}

// signed looks for the witness's signature under a checkpoint.
func (k witnessKey) signed(msg []byte) (time.Time, bool) {
	text, lines, ok := bytes.Cut(msg, []byte("\n\n"))
	if !ok || len(lines) > maxCheckpoint {
		return time.Time{}, false
	}
	for line := range strings.Lines(string(lines)) {
		encoded, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— "+k.name+" ")
		raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if !ok || err != nil || len(raw) != 4+8+ed25519.SignatureSize || !bytes.Equal(raw[:4], k.id) {
			continue
		}
		unix := binary.BigEndian.Uint64(raw[4:])
		said := "cosignature/v1\ntime " + strconv.FormatUint(unix, 10) + "\n" + string(text) + "\n"
		if unix < 1<<40 && ed25519.Verify(k.public, []byte(said), raw[12:]) {
			return time.Unix(int64(unix), 0).UTC(), true
		}
	}
	return time.Time{}, false
}

// ParseWitnesses checks the keys of witnesses that somebody names: fault Invalid "verify.witness".
func ParseWitnesses(vkeys []string) error {
	for _, v := range vkeys {
		if _, ok := parseWitness(v); !ok {
			return fault.New(fault.Invalid, "verify.witness", v).At("witness")
		}
	}
	return nil
}

// judgeWitnesses settles who else signed a checkpoint. Every witness that was named must have; of those in the trust file
// one is enough, for they are the log's own choice.
func (r *Report) judgeWitnesses(msg []byte, size int64, o Options) {
	find := func(vkey string) bool {
		k, ok := parseWitness(vkey)
		if !ok {
			return false
		}
		at, ok := k.signed(msg)
		if ok {
			r.Cosigned = append(r.Cosigned, Cosignature{k.name, size, at})
		}
		return ok
	}
	for _, v := range o.Witnesses {
		name, _, _ := strings.Cut(v, "+")
		if find(v) {
			r.Witnessed.settle(Yes, "", "")
		} else {
			r.Witnessed.settle(No, "witness.missing", name)
		}
	}
	if len(o.Witnesses) > 0 {
		return
	}
	if o.Trust == nil || len(o.Trust.witnesses) == 0 {
		r.Witnessed.settle(NotApplicable, "", "")
		return
	}
	for _, w := range o.Trust.witnesses {
		if find(w.Verifier) {
			r.Witnessed.settle(Yes, "", "")
		}
	}
	if r.Witnessed.Answer == "" {
		r.Witnessed.settle(Unknown, "witness.none", "")
	}
}

// cosigned fetches the newest checkpoint that a witness signed and holds it against the tree as well: a signature on another
// history is worse than none.
func (w *walker) cosigned(ctx context.Context, msg []byte, o Options, trust *Trust) error {
	if len(o.Witnesses) > 0 || o.Trust != nil && len(o.Trust.witnesses) > 0 {
		other, err := w.fetch.Fetch(ctx, "checkpoint.cosigned", maxCheckpoint)
		switch {
		case err == nil:
			msg = other
			w.setOlder(msg, trust)
		case !fault.Is(err, fault.NotFound):
			return err
		}
	}
	h, _ := parseCheckpointText(msg)
	w.report.judgeWitnesses(msg, h.size, o)
	return nil
}
