package move

import (
	"context"
	"errors"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
)

// Database moves the rows from SQLite to PostgreSQL. The new database must be one that holds nothing, or exactly what an
// interrupted move brought there.
func Database(ctx context.Context, c Config) (*Report, error) {
	if !strings.HasPrefix(c.To, "postgres://") && !strings.HasPrefix(c.To, "postgresql://") {
		return nil, fault.New(fault.Invalid, "move.to_postgres").At("to")
	}
	rep := &Report{To: shown(c.To)}
	var id string
	err := withHouse(ctx, c, func(h *app.House, s *custody.Sequencer) (err error) {
		to, err := db.Open(ctx, db.Config{URL: c.To, Log: c.House.Log})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, to.Close()) }()
		if err := to.Migrate(ctx); err != nil {
			return err
		}
		var place string
		if place, id, err = h.DB.Moved(ctx); err != nil {
			return err
		}
		if place != "" && place != rep.To {
			return fault.New(fault.Conflict, "db.moved", place)
		}
		if place == "" {
			if id, err = copyRows(ctx, c, h, s, to, rep); err != nil {
				return err
			}
		}
		if place == "" {
			if err := c.Step("switch"); err != nil {
				return err
			}
			return h.DB.MarkMoved(ctx, rep.To, id, h.Clock.Now())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := c.Step("switched"); err != nil {
		return nil, err
	}
	return rep, arrive(ctx, c, access.MoveDatabase, at(c.House.Place, c.To, ""), id, rep)
}

// copyRows copies, unless an earlier try did, and compares rows and log. It gives the entry that the move began with.
func copyRows(ctx context.Context, c Config, h *app.House, s *custody.Sequencer, to *db.DB, rep *Report) (string, error) {
	empty, err := to.IsEmpty(ctx)
	if err != nil {
		return "", err
	}
	var id string
	if empty {
		began, err := enter(ctx, h, s, access.MoveDatabase, custody.Intent, "as", c.As, "to", rep.To)
		if err != nil {
			return "", err
		}
		id = string(began)
	} else if id, err = begun(ctx, h, access.MoveDatabase); err != nil {
		return "", err
	}
	here, err := sound(ctx, h.DB, h.Keys)
	if err != nil {
		return "", err
	}
	if empty {
		if _, err = db.Copy(ctx, h.DB, to, c.Step); err != nil {
			return "", err
		}
	}
	if err := c.Step("compare"); err != nil {
		return "", err
	}
	sums, differs, err := db.Same(ctx, h.DB, to)
	if err != nil {
		return "", err
	}
	if differs != "" {
		return "", fault.New(fault.Conflict, "move.taken", differs)
	}
	far, err := sound(ctx, to, h.Keys)
	if err != nil {
		return "", err
	}
	if far.Root != here.Root || far.Size != here.Size || far.Placed != here.Placed || far.Pending != here.Pending {
		return "", fault.New(fault.Conflict, "move.taken", "custody_tile")
	}
	for _, t := range sums {
		rep.Tables++
		rep.Rows += t.Rows
	}
	rep.Log, rep.Root = here.Size, here.Root
	return id, nil
}

// begun finds the entry with which the last try began.
func begun(ctx context.Context, h *app.House, action access.Action) (string, error) {
	list, err := custody.List(ctx, h.DB.Reader, custody.Filter{Action: string(action), Outcome: custody.Intent, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fault.New(fault.Conflict, "move.taken", "bureau")
	}
	return string(list[0].ID), nil
}
