package disc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// placeWithin is how long a disc waits for the log to give its entries their place.
const placeWithin = time.Minute

// maxProofs bounds the entries about the request that are proved.
const maxProofs = 100

// checkpoint is the head of the log that stands on the disc.
type checkpoint struct {
	size        int64
	root        string
	fingerprint string // of trust.json
}

// proofs writes the head and keys of the log, and what it says of the request on which the disc is made, entry by entry.
func (m *making) proofs(ctx context.Context) error {
	c := m.s.c
	var recs []custody.Record
	err := m.s.until(ctx, func() (done bool, err error) {
		recs, err = custody.List(ctx, c.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "viewing", ID: string(m.consent.ID)}, Limit: maxProofs})
		return err == nil && !slices.ContainsFunc(recs, func(r custody.Record) bool { return r.Index < 0 }), err
	})
	if err != nil {
		return err
	}
	slices.Reverse(recs) // oldest first
	for i := range recs {
		proof, err := proveOpen(ctx, c.DB.Reader, &recs[i])
		if err != nil {
			return err
		}
		if err := m.st.put(ctx, fmt.Sprintf("proofs/%03d-entry.json", i+1), proof); err != nil {
			return err
		}
	}
	prover, err := custody.NewProver(ctx, c.DB.Reader)
	if err != nil {
		return err
	}
	if err := m.st.put(ctx, "log/checkpoint", []byte(prover.Head.Note)); err != nil {
		return err
	}
	lines := strings.Split(prover.Head.Note, "\n")
	if len(lines) < 3 {
		return fault.New(fault.Internal, "disc.checkpoint")
	}
	if _, err := fmt.Sscan(lines[1], &m.mark.size); err != nil {
		return fmt.Errorf("disc: checkpoint: %w", err)
	}
	m.mark.root = lines[2]
	raw, fingerprint, err := m.s.trust(ctx)
	if err != nil {
		return err
	}
	m.mark.fingerprint = fingerprint
	return m.st.put(ctx, "log/trust.json", raw)
}

// trust gives the trust file as it stands, and its fingerprint as paper prints it.
func (s *Service) trust(ctx context.Context) (raw []byte, fingerprint string, err error) {
	t, err := custody.ReadTrust(ctx, s.c.DB.Reader, s.c.Origin, s.c.Bureau)
	if err != nil {
		return nil, "", err
	}
	if raw, err = t.Render(); err != nil {
		return nil, "", err
	}
	return raw, grouped(digestOf(raw)), nil
}

// grouped is a digest as paper prints it.
func grouped(hexed string) string {
	hexed = strings.ToUpper(hexed)
	var b strings.Builder
	for i := 0; i < len(hexed); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(hexed[i:min(i+4, len(hexed))])
	}
	return b.String()
}

// proveOpen proves an entry with what it says opened, but for the house's own rows and the words of people.
func proveOpen(ctx context.Context, idb bun.IDB, rec *custody.Record) ([]byte, error) {
	openings, err := rec.OpenAll()
	if err != nil {
		return nil, err
	}
	openings = slices.DeleteFunc(openings, func(o custody.Opening) bool {
		return strings.HasSuffix(o.Name, "_row") || o.Name == "detail.words"
	})
	shown, err := rec.Disclose(openings)
	if err != nil {
		return nil, err
	}
	proof, err := custody.ProveInclusion(ctx, idb, rec.Index)
	if err != nil {
		return nil, err
	}
	return custody.RenderJSON(struct {
		Format string                  `json:"format"`
		Entry  custody.Disclosure      `json:"entry"`
		Proof  *custody.InclusionProof `json:"proof"`
	}{"zhilu-entry-proof/v1", shown, proof})
}

// placed gives an entry once it has its place in the log.
func (s *Service) placed(ctx context.Context, id ident.EntryID) (*custody.Record, error) {
	var rec *custody.Record
	err := s.until(ctx, func() (done bool, err error) {
		rec, err = custody.Get(ctx, s.c.DB.Reader, id)
		return err == nil && rec.Index >= 0, err
	})
	return rec, err
}

// until asks again and again, for a minute at most. The log is sequenced by the server, or here where there is none.
func (s *Service) until(ctx context.Context, ready func() (bool, error)) error {
	const pause = 50 * time.Millisecond
	for range int(placeWithin / pause) {
		if done, err := ready(); done || err != nil {
			return err
		}
		if s.c.Sequence != nil {
			if err := s.c.Sequence(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("disc: %w", ctx.Err())
		case <-time.After(pause):
		}
	}
	return fault.New(fault.Unavailable, "disc.waiting")
}
