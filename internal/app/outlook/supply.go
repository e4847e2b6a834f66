package outlook

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/app/gauges"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/malware"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// lowSpace is when the page of health says that room gets short, in bytes; lowDays in days at the present rate.
const (
	lowSpace = 20 << 30
	lowDays  = 30
)

// rateSpan is over which the rate of storing is taken, rateLeast how much of it must have passed to know one.
const (
	rateSpan  = 14 * 24 * time.Hour
	rateLeast = 3 * 24 * time.Hour
)

// Space says how much room there is, and for how many days at the rate of the last fourteen.
func (h Outlook) Space(ctx context.Context, p locale.Printer, s vault.Space) []house.Health {
	room := house.Health{Label: p.T("health.space"), Value: p.Size(s.Usable()), Tone: ui.OK, Icon: "circle-check"}
	if s.Total > 0 {
		room.Share, room.ShareText = 100*float64(s.Total-s.Free)/float64(s.Total), p.T("health.space_used", p.Size(s.Total-s.Free), p.Size(s.Total))
	}
	lasts := house.Health{Label: p.T("health.lasts"), Value: p.T("health.lasts_unknown"), Tone: ui.Moot, Icon: "clock"}
	now := h.Clock.Now()
	_, bytes, first, err := record.Taken(ctx, h.DB.Reader, clock.Micros(now.Add(-rateSpan)))
	days := int64(-1)
	if err == nil && first > 0 {
		days = daysLeft(s.Usable(), bytes, now.Sub(clock.FromMicros(first)))
	}
	if days >= 0 {
		lasts.Value, lasts.Tone, lasts.Icon = p.T("health.lasts_days", days), ui.OK, "circle-check"
	}
	short := func(line *house.Health) {
		line.Tone, line.Icon, line.Do = ui.Late, "alert-triangle", p.T("health.low_do")
	}
	if s.Usable() < lowSpace {
		short(&room)
	}
	if days >= 0 && days < lowDays {
		short(&lasts)
	}
	return []house.Health{room, lasts}
}

// daysLeft is for how many days room lasts at the rate at which so many bytes were stored in such a time; -1 if that is too
// little to say.
func daysLeft(room, bytes int64, in time.Duration) int64 {
	in = min(in, rateSpan)
	if in < rateLeast || bytes <= 0 {
		return -1
	}
	perDay := float64(bytes) / in.Hours() * 24
	return int64(min(float64(room)/perDay, 9999))
}

// Jobs says how much work waits, and what was given up.
func (h Outlook) Jobs(ctx context.Context, p locale.Printer, q *job.Queue) house.Health {
	line := house.Health{Label: p.T("health.jobs"), Tone: ui.OK, Icon: "circle-check"}
	list, err := q.Depths(ctx)
	if err != nil {
		line.Value, line.Tone, line.Icon = p.T("health.unknown"), ui.Late, "alert-triangle"
		return line
	}
	waiting, running, givenUp := 0, 0, 0
	var oldest time.Time
	for _, d := range list {
		waiting, running, givenUp = waiting+d.Waiting, running+d.Running, givenUp+d.GivenUp
		if !d.Oldest.IsZero() && (oldest.IsZero() || d.Oldest.Before(oldest)) {
			oldest = d.Oldest
		}
	}
	line.Value = p.T("health.jobs_value", waiting, running)
	now := h.Clock.Now()
	switch {
	case givenUp > 0:
		line.Value, line.Tone, line.Icon, line.Do = p.T("health.jobs_given_up", waiting, running, givenUp), ui.Late, "alert-triangle", p.T("health.jobs_do")
	case !oldest.IsZero() && now.Sub(oldest) > time.Hour:
		line.Value, line.Tone, line.Icon, line.Do = p.T("health.jobs_old", waiting, running, p.When(oldest, now)), ui.Due, "clock", p.T("health.jobs_old_do")
	}
	return line
}

// Certificates says until when each counts.
func (h Outlook) Certificates(p locale.Printer, list []gauges.Certificate) []house.Health {
	var out []house.Health
	now := h.Clock.Now()
	for _, c := range list {
		days := int64(c.Ends.Sub(now).Hours() / 24)
		line := house.Health{Label: p.T("health.cert." + c.Name), Value: p.T("health.cert_value", p.Date(c.Ends), days), Tone: ui.OK, Icon: "circle-check"}
		switch {
		case days < 0:
			line.Value, line.Tone, line.Icon, line.Do = p.T("health.cert_ended", p.Date(c.Ends)), ui.Late, "alert-triangle", p.T("health.cert_do."+c.Name)
		case days < 30:
			line.Tone, line.Icon, line.Do = ui.Due, "clock", p.T("health.cert_do."+c.Name)
		}
		out = append(out, line)
	}
	return out
}

// Steps says whether our own clock jumped in thirty days (G8).
func (h Outlook) Steps(ctx context.Context, p locale.Printer) house.Health {
	line := house.Health{Label: p.T("health.clock"), Value: p.T("health.clock_even"), Tone: ui.OK, Icon: "circle-check"}
	now := h.Clock.Now()
	n, last, err := record.Steps(ctx, h.DB.Reader, clock.Micros(now.AddDate(0, 0, -30)))
	switch {
	case err != nil:
		line.Value, line.Tone, line.Icon = p.T("health.unknown"), ui.Late, "alert-triangle"
	case n > 0:
		by := time.Duration(last.By) * time.Microsecond
		line.Value = p.T("health.clock_steps", n, p.When(clock.FromMicros(last.At), now))
		line.Tone, line.Icon, line.Do = ui.Due, "clock", p.T("health.clock_do", p.Num(int64(by.Seconds())))
	}
	return line
}

// Malware says whether what is handed in is scanned, and whether anything is held because of it (T24).
func (h Outlook) Malware(ctx context.Context, p locale.Printer, s *malware.Service) house.Health {
	line := house.Health{Label: p.T("health.malware"), Tone: ui.OK, Icon: "circle-check"}
	st, err := s.State(ctx)
	switch {
	case err != nil:
		line.Value, line.Tone, line.Icon = p.T("health.unknown"), ui.Late, "alert-triangle"
	case !st.On:
		line.Value, line.Tone, line.Icon = p.T("health.malware_none"), ui.Moot, "clock"
	case st.Engine == "":
		line.Value, line.Tone, line.Icon, line.Do = p.T("health.malware_away", st.Waiting), ui.Due, "clock", p.T("health.malware_away_do")
	case st.Found > 0:
		line.Value, line.Tone, line.Icon, line.Do = p.T("health.malware_found", st.Found), ui.Late, "alert-triangle", p.T("health.malware_found_do")
	default:
		line.Value = p.T("health.malware_value", st.Scanned, st.Waiting)
	}
	return line
}
