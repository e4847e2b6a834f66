package devices

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// checkClock notes what a device's clock shows at this moment.
func (a area) checkClock(p *site.Page) error {
	it, err := a.item(p)
	if err != nil {
		return err
	}
	var f forms
	f.Clock.Face = p.Value("face")
	face, doubt, err := readFace(f.Clock.Face)
	if err == nil {
		err = a.d.Devices.CheckClock(p.Context(), p.Actor, it.ID, face, doubt)
	}
	var ok bool
	if f.Clock.Bad, ok = refusal.Of(p.P, err); ok {
		return a.page(p, it, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(devicePath(it.ID))
}

// readFace reads what a device shows, in Shanghai. With minutes only, the true second lies anywhere in that minute.
func readFace(s string) (face time.Time, doubt time.Duration, err error) {
	s = strings.Join(strings.Fields(strings.NewReplacer("T", " ", "/", "-", "：", ":").Replace(s)), " ")
	if t, err := time.ParseInLocation("2006-1-2 15:4:5", s, clock.Shanghai); err == nil {
		return t.UTC(), time.Second, nil
	}
	t, err := time.ParseInLocation("2006-1-2 15:4", s, clock.Shanghai)
	if err != nil {
		return time.Time{}, 0, fault.New(fault.Invalid, "form.moment").At("face")
	}
	return t.Add(30 * time.Second).UTC(), 30 * time.Second, nil
}

func (f forms) clockField(p locale.Printer) ui.Field {
	return f.Clock.Bad.Mark(ui.Field{
		Name: "face", Label: p.T("device.clock.face"), Hint: p.T("device.clock.face_hint"), Value: f.Clock.Face, Max: 25, Auto: "off", Mode: "text",
	}, "offset")
}
