package move

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/s3"
)

// doneFile remembers which objects were read back at the new place already, so that a move that goes on does not read
// them once more. Losing it costs time only.
const doneFile = "moving-vault"

// Vault moves the sealed objects from a folder into a bucket, as they are: the encrypted bytes do not change, so every
// digest and sidecar stays. Each is read back whole there. Derivatives stay, and so do uploads under way: both are the
// node's own. The old objects are left where they are.
func Vault(ctx context.Context, c Config) (*Report, error) {
	if !strings.HasPrefix(c.To, "s3://") {
		return nil, fault.New(fault.Invalid, "move.to_bucket").At("to")
	}
	rep := &Report{To: shown(c.To)}
	var id string
	err := withHouse(ctx, c, func(h *app.House, s *custody.Sequencer) (err error) {
		from, ok := h.Vault.(*localdir.Vault)
		if !ok {
			return fault.New(fault.Invalid, "move.from_folder").At("vault")
		}
		opened, err := h.Beside(at(c.House.Place, "", c.To))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened.Close()) }()
		to, ok := opened.(*s3.Vault)
		if !ok {
			return fault.New(fault.Invalid, "move.to_bucket").At("to")
		}
		var place string
		if place, id, err = from.Moved(); err != nil {
			return err
		}
		if place != "" {
			if place != rep.To {
				return fault.New(fault.Conflict, "vault.moved", place)
			}
			return nil
		}
		if err := to.Check(ctx); err != nil {
			return err
		}
		if err := stagesStay(ctx, c.House.Place, from); err != nil {
			return err
		}
		began, err := enter(ctx, h, s, access.MoveVault, custody.Intent, "as", c.As, "to", rep.To)
		if err != nil {
			return err
		}
		id = string(began)
		if err := copyObjects(ctx, c, from, to, rep); err != nil {
			return err
		}
		if err := c.Step("switch"); err != nil {
			return err
		}
		return from.MarkMoved(rep.To, id)
	})
	if err != nil {
		return nil, err
	}
	if err := c.Step("switched"); err != nil {
		return nil, err
	}
	if err := arrive(ctx, c, access.MoveVault, at(c.House.Place, "", c.To), id, rep); err != nil {
		return nil, err
	}
	err = os.Remove(filepath.Join(c.House.Place.Data, doneFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return rep, err
}

// stagesStay refuses where uploads under way would be left behind: a vault in a bucket has its stages in the data folder.
func stagesStay(ctx context.Context, p config.Place, from *localdir.Vault) error {
	if p.Vault == "" {
		return nil
	}
	n := 0
	for _, err := range from.Stages(ctx) {
		if err != nil {
			return err
		}
		n++
	}
	if n > 0 {
		return fault.New(fault.Conflict, "move.stages", n)
	}
	return nil
}

func copyObjects(ctx context.Context, c Config, from *localdir.Vault, to *s3.Vault, rep *Report) error {
	name := filepath.Join(c.House.Place.Data, doneFile)
	done, err := readDone(name)
	if err != nil {
		return err
	}
	note, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	defer func() { _ = note.Close() }() // losing it costs time only
	moved := map[vault.Digest]bool{}
	for info, err := range from.Objects(ctx) {
		if errors.Is(err, fs.ErrNotExist) {
			break // nothing was ever sealed
		}
		if err != nil {
			return fault.Wrap(err, fault.Conflict, "move.damaged", info.Digest.String())
		}
		if err := copyObject(ctx, from, to, info, done[info.Digest.String()]); err != nil {
			return err
		}
		if _, err := note.WriteString(info.Digest.String() + "\n"); err != nil {
			return err
		}
		moved[info.Digest] = true
		rep.Sealed++
		rep.Bytes += info.Size
		if err := c.Step(info.Digest.String()); err != nil {
			return err
		}
	}
	// Nothing but these may be there.
	n := 0
	for info, err := range to.Objects(ctx) {
		if err != nil {
			return err
		}
		if !moved[info.Digest] {
			return fault.New(fault.Conflict, "move.foreign", info.Digest.String())
		}
		n++
	}
	if n != len(moved) {
		return fault.New(fault.Conflict, "move.damaged", "")
	}
	return nil
}

// copyObject puts one object's stored bytes into the bucket and reads it back whole.
func copyObject(ctx context.Context, from *localdir.Vault, to *s3.Vault, info vault.Info, seen bool) error {
	there, err := to.Stat(ctx, info.Digest)
	if fault.Is(err, fault.NotFound) {
		var raw localdir.Stored
		if raw, err = from.Raw(ctx, info.Digest); err != nil {
			return err
		}
		err = errors.Join(to.Adopt(ctx, info.Digest, raw), raw.Close())
		if err == nil {
			there, err = to.Stat(ctx, info.Digest)
		}
		seen = false
	}
	if err != nil {
		return err
	}
	if there != info {
		return fault.New(fault.Conflict, "move.foreign", info.Digest.String())
	}
	if seen {
		return nil
	}
	if _, err = to.Verify(ctx, info.Digest); err != nil {
		// Where the source is rotten, that is what has to be said.
		if _, here := from.Verify(ctx, info.Digest); here != nil {
			return fault.Wrap(here, fault.Conflict, "move.damaged", info.Digest.String())
		}
	}
	return err
}

func readDone(name string) (map[string]bool, error) {
	done := map[string]bool{}
	f, err := os.Open(name) //nolint:gosec // in the data folder
	if errors.Is(err, fs.ErrNotExist) {
		return done, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		done[lines.Text()] = true
	}
	return done, lines.Err()
}

// arrive opens the house at its new place and writes down, once, that it moved.
func arrive(ctx context.Context, c Config, action access.Action, place config.Place, id string, rep *Report) (err error) {
	house := c.House
	house.Place, house.WithVault = place, action == access.MoveVault
	h, err := app.Open(ctx, house)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if rep.Entry, err = entered(ctx, h, action, id); err != nil || rep.Entry != "" {
		return err
	}
	s, err := h.Signer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	err = h.Gate.Do(ctx, access.HostActor("migrate"), action, access.Subject{Kind: "bureau", ID: string(h.Bureau.ID)}, func(tx *gate.Tx) error {
		detail := []any{"as", c.As, "to", rep.To}
		switch { // where an earlier try was killed after it had switched, this one counted nothing
		case rep.Tables > 0:
			detail = append(detail, "tables", rep.Tables, "rows", rep.Rows, "log_size", rep.Log, "log_root", rep.Root)
		case rep.Sealed > 0:
			detail = append(detail, "objects", rep.Sealed, "bytes", rep.Bytes)
		}
		entry, err := tx.Record(gate.Entry{Outcome: custody.Done, Related: []custody.Subject{{Kind: "entry", ID: id}}, Detail: custody.Detail(detail...)})
		rep.Entry = string(entry)
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.Sequence(ctx)
	return err
}
