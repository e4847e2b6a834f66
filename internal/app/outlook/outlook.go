// Package outlook says, for the page of health and the page of the log, what others keep of the house: backups and their
// drills, witnesses, time stamps.
package outlook

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Outlook reads it.
type Outlook struct {
	DB     *db.DB
	Clock  clock.Clock
	Server *config.Server // nil for a command
}

// Health are the lines of the page of health.
func (h Outlook) Health(ctx context.Context, p locale.Printer) []house.Health {
	return slices.Concat(h.witnessHealth(ctx, p), h.stampHealth(ctx, p), h.backupHealth(ctx, p))
}

// witnessHealth says how each witness stands.
func (h Outlook) witnessHealth(ctx context.Context, p locale.Printer) []house.Health {
	states, err := countersign.States(ctx, h.DB.Reader)
	if err != nil {
		return []house.Health{{Label: p.T("health.witness"), Value: p.T("health.unknown"), Tone: ui.Late, Icon: "alert-triangle"}}
	}
	if len(states) == 0 {
		return []house.Health{{Label: p.T("health.witness"), Value: p.T("health.witness_none"), Tone: ui.Moot, Icon: "clock", Do: p.T("health.witness_none_do")}}
	}
	var out []house.Health
	for _, s := range states {
		line := house.Health{Label: p.T("health.witness"), Value: p.T("health.witness_value", s.Name, h.witnessText(p, s)), Tone: ui.OK, Icon: "circle-check"}
		if s.Problem != "" {
			line.Tone, line.Icon, line.Do = ui.Late, "alert-triangle", p.T("health.witness_do."+s.Problem)
		}
		out = append(out, line)
	}
	return out
}

// witnessText says what a witness signed last, or why it did not.
func (h Outlook) witnessText(p locale.Printer, s countersign.State) string {
	if s.Problem != "" {
		return p.T("log.witness."+s.Problem, s.Size)
	}
	if s.Size == 0 {
		return p.T("log.witness.waiting")
	}
	return p.T("log.witness.signed", s.Size, p.When(s.Signed, h.Clock.Now()))
}

// Facts is what the page of the log says of those who look at it from outside.
func (h Outlook) Facts(ctx context.Context, p locale.Printer) ([]ui.Fact, error) {
	states, err := countersign.States(ctx, h.DB.Reader)
	if err != nil {
		return nil, err
	}
	var out []ui.Fact
	for _, s := range states {
		out = append(out, ui.FactText(p.T("log.witness", s.Name), h.witnessText(p, s), ""))
	}
	last, err := stamp.Newest(ctx, h.DB.Reader)
	if err != nil {
		return nil, err
	}
	if last != nil {
		out = append(out, ui.FactText(p.T("log.stamp", last.TSA), p.T("log.stamp.at", last.Size, p.WhenSec(last.At, h.Clock.Now())), ""))
	}
	return out, nil
}

// stampHealth says when the log was last stamped.
func (h Outlook) stampHealth(ctx context.Context, p locale.Printer) []house.Health {
	last, err := stamp.Newest(ctx, h.DB.Reader)
	line := house.Health{Label: p.T("health.stamp"), Tone: ui.OK, Icon: "circle-check"}
	configured := h.Server != nil && h.Server.TSA != ""
	late := func(value string) {
		line.Value, line.Tone, line.Icon, line.Do = value, ui.Late, "alert-triangle", p.T("health.stamp_do")
	}
	switch {
	case err != nil:
		late(p.T("health.unknown"))
	case last == nil && !configured:
		line.Value, line.Tone, line.Icon = p.T("health.stamp_none"), ui.Moot, "clock"
	case last == nil:
		late(p.T("health.backup_never"))
	case configured && h.Clock.Now().Sub(last.At) > 2*h.Server.TSAEvery+time.Hour:
		late(p.T("log.stamp.at", last.Size, p.When(last.At, h.Clock.Now())))
	default:
		line.Value = p.T("log.stamp.at", last.Size, p.When(last.At, h.Clock.Now()))
	}
	return []house.Health{line}
}

// backupHealth says when the house was last backed up, and when what was written was last restored.
func (h Outlook) backupHealth(ctx context.Context, p locale.Printer) []house.Health {
	made, drilled, err := backup.Last(ctx, h.DB.Reader)
	if err != nil {
		return []house.Health{{Label: p.T("health.backup"), Value: p.T("health.unknown"), Tone: ui.Late, Icon: "alert-triangle"}}
	}
	if made == nil && (h.Server == nil || h.Server.BackupTo == "") {
		return []house.Health{{Label: p.T("health.backup"), Value: p.T("health.backup_none"), Tone: ui.Late, Icon: "alert-triangle", Do: p.T("health.backup_none_do")}}
	}
	every := 24 * time.Hour
	if h.Server != nil && h.Server.BackupTo != "" {
		every = h.Server.BackupEvery
	}
	line := func(label string, r *backup.Run, value func() string) house.Health {
		now := h.Clock.Now()
		switch {
		case r == nil:
			return house.Health{Label: p.T(label), Value: p.T("health.backup_never"), Tone: ui.Late, Icon: "alert-triangle", Do: p.T("health.backup_do")}
		case now.Sub(r.At) > 2*every:
			return house.Health{Label: p.T(label), Value: value(), Tone: ui.Late, Icon: "alert-triangle", Do: p.T("health.backup_do")}
		}
		return house.Health{Label: p.T(label), Value: value(), Tone: ui.OK, Icon: "circle-check"}
	}
	return []house.Health{
		line("health.backup", made, func() string {
			return p.T("health.backup_value", p.When(made.Ended, h.Clock.Now()), made.Objects, p.Size(made.Bytes))
		}),
		line("health.drill", drilled, func() string {
			return p.T("health.drill_value", p.When(drilled.Ended, h.Clock.Now()), drilled.Objects, drilled.LogSize)
		}),
	}
}
