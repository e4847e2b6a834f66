package demo

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
)

// errand is an activity of the demo: who, what, which camera was along ("" for none), since when and how long.
type errand struct {
	who, task, place string
	matter, camera   string
	from, to         time.Duration // from the start of the first file of the camera on that day
	ago              time.Duration // for one without footage: before now
	stop             time.Duration // when filming stopped; 0 for never
}

var errands = []errand{
	{who: "lmy", task: "代履行：清理人民路占道堆物", place: "城关镇人民路 18 号", matter: "AV-32", camera: "Z-01", from: 2 * time.Second, to: time.Hour + 10*time.Second, stop: 22 * time.Second},
	{who: "aynur", task: "日常巡查", place: "城南镇清和律师事务所", matter: "AV-01", camera: "Z-02", from: 3 * time.Second, to: 10 * time.Minute},
	{who: "aynur", task: "现场询问", place: "基层工作站", matter: "AV-03", ago: 50 * time.Hour},
}

// scenes declares activities: one with an interruption that was answered for, one that was filmed to its middle, one that nobody filmed.
func scenes(ctx context.Context, h *app.House) error {
	for _, e := range errands {
		if err := e.open(ctx, h); err != nil {
			return err
		}
	}
	return h.Scene.Coverage.Sweep(ctx)
}

func (e errand) open(ctx context.Context, h *app.House) error {
	who, err := actor(ctx, h, e.who)
	if err != nil {
		return err
	}
	n := activity.Opening{ID: ident.New[ident.ActivityID](), Kind: activity.Scene, Task: e.task, Place: e.place, Matters: []string{e.matter}, At: h.Clock.Now().Add(-e.ago)}
	end := n.At.Add(20 * time.Minute)
	if e.ago == 0 {
		held, err := h.Devices.Issues(ctx, who, device.IssueFilter{Person: who.Person, Open: true})
		i := slices.IndexFunc(held.Items, func(d device.Entry) bool { return d.Label == e.camera })
		if err != nil || i < 0 {
			return err
		}
		page, err := h.Recordings.List(ctx, who, recording.Filter{Device: held.Items[i].Device, From: h.Clock.Now().Add(-12 * time.Hour), Order: recording.ByStart, Ascending: true}, "", 1)
		if err != nil || len(page.Rows) == 0 {
			return err
		}
		start := page.Rows[0].Start
		n.At, end = start.Add(e.from), start.Add(e.to)
		n.Cameras = []activity.Member{{Device: held.Items[i].Device, Person: who.Person}}
	}
	a, err := h.Scene.Activity.Open(ctx, who, n)
	if err != nil {
		return err
	}
	if err := tell(ctx, h, who, a.ID, activity.Arrived, n.At); err != nil {
		return err
	}
	if e.stop > 0 {
		if err := e.interrupted(ctx, h, who, a, n.At.Add(e.stop)); err != nil {
			return err
		}
	}
	return tell(ctx, h, who, a.ID, activity.Departed, end)
}

// interrupted is a stop as Article 17 wants it answered: reported at once, received, explained in writing.
func (e errand) interrupted(ctx context.Context, h *app.House, who access.Actor, a *activity.Activity, at time.Time) error {
	head, err := actor(ctx, h, "qianwen")
	if err != nil {
		return err
	}
	stop, report := ident.New[ident.OccurrenceID](), ident.New[ident.OccurrenceID]()
	until := a.OpenedAt.Add(time.Hour)
	for _, o := range []struct {
		by activity.Occurrence
		as access.Actor
	}{
		{activity.Occurrence{ID: stop, What: activity.Stopped, At: at, Said: activity.Said{Cause: activity.Battery, Until: &until}}, who},
		{activity.Occurrence{ID: report, What: activity.Reported, At: at.Add(3 * time.Minute), About: stop, Said: activity.Said{To: head.Person, How: "phone"}}, who},
		{activity.Occurrence{ID: ident.New[ident.OccurrenceID](), What: activity.Received, At: at.Add(5 * time.Minute), About: report}, head},
		{activity.Occurrence{ID: ident.New[ident.OccurrenceID](), What: activity.Written, At: h.Clock.Now(), About: stop, Said: activity.Said{Words: "电池用尽，回所更换后继续记录"}}, who},
	} {
		o.by.Activity = a.ID
		if _, err := h.Scene.Activity.Tell(ctx, o.as, o.by); err != nil {
			return err
		}
	}
	return nil
}

func tell(ctx context.Context, h *app.House, who access.Actor, id ident.ActivityID, what activity.What, at time.Time) error {
	_, err := h.Scene.Activity.Tell(ctx, who, activity.Occurrence{ID: ident.New[ident.OccurrenceID](), Activity: id, What: what, At: at})
	return err
}
