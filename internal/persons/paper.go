package persons

import (
	"context"
	"iter"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Export writes an entry and yields every matter in the actor's scope. A ledger of it has numbers and clocks, no names (decision 4).
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Matter, error], error) {
	scope := access.ScopeOf(actor)
	err := s.c.Gate.Do(ctx, actor, access.PersonExport, access.Subject{Kind: "ledger", ID: "persons"}, func(tx *gate.Tx) error {
		_, n, err := list(tx.Context(), tx.DB(), scope, f, 0, 1)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", n, "kind", string(f.Kind), "state", string(f.State))})
		return err
	})
	if err != nil {
		return nil, err
	}
	return db.Each(200, func(after int64, limit int) ([]Matter, error) {
		rows, _, err := list(ctx, s.c.DB.Reader, scope, f, after, limit)
		return rows, err
	}, func(m *Matter) int64 { return m.No }), nil
}

// Paper is Get for who prints the answer of a matter: it leaves the house, so that it is an entry. Conflict "persons.unanswered".
func (s *Service) Paper(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*Matter, error) {
	m, err := s.Get(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if m.State == Open {
		return nil, fault.New(fault.Conflict, "persons.unanswered")
	}
	return m, s.c.Gate.Do(ctx, actor, access.PersonPrint, m.Subject(), func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("no", m.No)})
		return err
	})
}
