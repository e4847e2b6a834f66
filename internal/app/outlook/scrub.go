package outlook

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Scrub says how far the scrub is and whether it found anything.
func Scrub(ctx context.Context, p locale.Printer, s *scrub.Service, now time.Time) house.Health {
	st, err := s.State(ctx)
	out := house.Health{Label: p.T("health.scrub"), Tone: ui.OK, Icon: "circle-check", Href: "/health/scrub", HrefText: p.T("scrub.more")}
	switch {
	case err != nil:
		out.Value, out.Tone, out.Icon = p.T("health.unknown"), ui.Late, "alert-triangle"
	case len(st.Findings) > 0:
		out.Value, out.Tone, out.Icon, out.Do = p.T("health.scrub_found", len(st.Findings)), ui.Late, "alert-triangle", p.T("scrub.do_page")
	case st.Late:
		out.Value, out.Tone, out.Icon, out.Do = p.T("health.scrub_late"), ui.Late, "alert-triangle", p.T("scrub.late_do")
	case st.Cycle == 0:
		out.Value, out.Tone, out.Icon = p.T("health.scrub_none"), ui.Moot, "clock"
	case st.Ended.IsZero():
		out.Value = p.T("health.scrub_running", st.Cycle, st.Done, st.Objects)
	default:
		out.Value = p.T("health.scrub_ended", st.Cycle, p.When(st.Ended, now))
	}
	return out
}
