package giving

import (
	"context"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
	"zhilu.dev/zhilu/internal/viewing/refused"
	"zhilu.dev/zhilu/internal/web/viewings"
)

func (o *Office) openLoans() (err error) {
	o.Refused = refused.New(o.d.DB, o.d.Gate)
	o.Loans, err = loan.New(loan.Config{DB: o.d.DB, Gate: o.d.Gate, Clock: o.d.Clock})
	return err
}

// Looks are the pages of requests, grants and the register.
func (o *Office) Looks() viewings.Area {
	deps := viewings.Deps{
		Viewings: o.d.Viewing, Recordings: o.d.Recordings, People: o.d.Org, Bureau: o.d.Bureau, Object: viewing.Over(o.d.Recordings).Object, Grabs: o.Grabs.Count,
		Loans: o.Loans, Refused: o.Refused, ActorName: o.d.ActorName,
	}
	if o.d.Keys != nil {
		deps.Log = o.registerLog()
	}
	return viewings.New(deps)
}

// rowActions are the actions whose entries say a row of the register.
var rowActions = []string{string(access.LookOpen), string(access.LookClose), string(access.RegisterConfirm)}

func (o *Office) registerLog() viewings.Log {
	read := o.d.DB.Reader
	return viewings.Log{
		Last: func(ctx context.Context, id ident.LookID) (*custody.Record, error) {
			list, err := custody.List(ctx, read, custody.Filter{Subject: custody.Subject{Kind: "look", ID: string(id)}, Limit: 500})
			i := slices.IndexFunc(list, func(r custody.Record) bool {
				return slices.Contains(rowActions, r.Action) && r.Outcome != custody.Refused
			})
			if err != nil || i < 0 {
				return nil, err
			}
			return &list[i], nil
		},
		Prove: func(ctx context.Context, r *custody.Record) ([]byte, error) { return custody.ProveEntry(ctx, read, r) },
		Head:  func(ctx context.Context) (*custody.Checkpoint, error) { return custody.Latest(ctx, read) },
		Trust: func(ctx context.Context) ([]byte, error) {
			t, err := custody.ReadTrust(ctx, read, o.d.Keys.Origin(), o.d.Bureau)
			if err != nil {
				return nil, err
			}
			return t.Render()
		},
	}
}
