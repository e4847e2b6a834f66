package regulation

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Service adopts and reads settings and editions.
type Service struct {
	gate     *gate.Gate
	db       *db.DB
	editions editions
}

// New makes the service.
func New(g *gate.Gate, d *db.DB) *Service { return &Service{gate: g, db: d} }

var subject = access.Subject{Kind: "setting", ID: "regulation"}

// Adopt makes these settings the ones in force from now on. Wrong values are fault Invalid naming the field; values
// equal to those in force are fault Conflict "setting.unchanged".
func (s *Service) Adopt(ctx context.Context, actor access.Actor, set Settings) (Version, error) {
	if err := set.Check(); err != nil {
		return Version{}, err
	}
	var v Version
	err := s.gate.Do(ctx, actor, access.SettingAdopt, subject, func(tx *gate.Tx) error {
		last, err := current(ctx, tx.DB())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		raw, err := encode(set)
		if err != nil {
			return err
		}
		if same, err := encode(last.Settings); err == nil && last.Number > 0 && string(same) == string(raw) {
			return fault.New(fault.Conflict, "setting.unchanged")
		}
		v = Version{
			ID: ident.New[ident.SettingID](), Number: last.Number + 1, Settings: set,
			AdoptedAt: tx.Now(), AdoptedBy: actor.Person,
		}
		if v.Entry, err = tx.Record(gate.Entry{
			Article: "27", Requirement: "R-27-1",
			Detail: custody.Detail("version", v.Number, "settings", set),
		}); err != nil {
			return err
		}
		return insert(ctx, tx.DB(), v, raw)
	})
	return v, err
}

// Current gives the settings in force. Before the first adoption it is fault NotFound "setting.none": callers then
// work with Defaults and say so.
func (s *Service) Current(ctx context.Context) (Version, error) { return current(ctx, s.db.Reader) }

// Settled knows the settings in force; *Service does.
type Settled interface {
	Current(ctx context.Context) (Version, error)
}

// InForce gives the settings in force, or the proposals while nothing was adopted.
func InForce(ctx context.Context, from Settled) (Settings, error) {
	v, err := from.Current(ctx)
	if fault.HasCode(err, "setting.none") {
		return Defaults(), nil
	}
	return v.Settings, err
}

// On gives the settings in force at a moment, fault NotFound "setting.none" before the first.
func (s *Service) On(ctx context.Context, at time.Time) (Version, error) {
	return on(ctx, s.db.Reader, at)
}

// History lists all versions, newest first.
func (s *Service) History(ctx context.Context) ([]Version, error) { return history(ctx, s.db.Reader) }
