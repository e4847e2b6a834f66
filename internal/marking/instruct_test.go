package marking_test

import (
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
)

func paper(o marking.Order, number string) marking.Instruction {
	return marking.Instruction{Office: "县国家保密局", Number: number, Dated: "2026-11-24", Orders: o, Words: "按程序办理"}
}

// TestInstruction is decision 21: the competent office's written instruction is recorded by a leader and meets the duty to report; that it was
// carried out is said by one person and confirmed by another; nothing of this ends the freeze.
func TestInstruction(t *testing.T) {
	t.Parallel()
	each(t, func(r *room) {
		ctx := r.t.Context()
		whole := r.add("")
		part := r.add(whole)
		m := r.put(officer, part, marking.StateSecret)
		home := r.put(officer, whole, marking.Home)
		for _, a := range []access.Actor{officer, keeper, admin, person("h", access.Head), person("s", access.Supervisor)} {
			if _, err := r.svc.Instruct(ctx, a, m.ID, paper(marking.Remove, "1号")); !fault.Is(err, fault.Forbidden) {
				r.t.Fatalf("%s recorded an instruction: %v", a.Name, err)
			}
		}
		for code, spoil := range map[string]func(*marking.Instruction){
			"marking.short":  func(i *marking.Instruction) { i.Office = " " },
			"marking.orders": func(i *marking.Instruction) { i.Orders = "burn" },
			"marking.dated":  func(i *marking.Instruction) { i.Dated = "2026-11-25" }, // tomorrow
		} {
			i := paper(marking.Remove, "1号")
			spoil(&i)
			_, err := r.svc.Instruct(ctx, leader, m.ID, i)
			r.want(err, code)
		}
		_, err := r.svc.Instruct(ctx, leader, home.ID, paper(marking.Remove, "1号"))
		r.want(err, "marking.no_secret")
		_, err = r.svc.Instruct(ctx, leader, ident.New[ident.MarkingID](), paper(marking.Remove, "1号"))
		r.want(err, "marking.unknown")

		keep, err := r.svc.Instruct(ctx, leader, m.ID, paper(marking.KeepFrozen, "1号"))
		if err != nil {
			r.t.Fatal(err)
		}
		var met []struct{ State, Evidence string }
		if err := r.DB.Reader.NewSelect().Table("duty").Column("state", "evidence").Where("kind = ?", duty.SecretReport).Scan(ctx, &met); err != nil || len(met) != 1 || met[0].State != string(duty.StateMet) || met[0].Evidence != string(keep.Entry) {
			r.t.Fatalf("the duty to report: %+v %v", met, err)
		}
		_, err = r.svc.Instruct(ctx, leader, m.ID, paper(marking.Remove, "1号"))
		r.want(err, "marking.instructed")
		now := r.Clock.Now()
		_, err = r.svc.Execute(ctx, keeper, keep.ID, []marking.Place{marking.Original}, now, "已经清除")
		r.want(err, "marking.nothing_ordered")

		remove, err := r.svc.Instruct(ctx, leader, m.ID, paper(marking.Remove, "2号"))
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.svc.Execute(ctx, officer, remove.ID, []marking.Place{marking.Card}, now, "已经清除"); !fault.Is(err, fault.Forbidden) {
			r.t.Fatalf("the officer who filmed it cleared it: %v", err)
		}
		_, err = r.svc.Execute(ctx, keeper, remove.ID, nil, now, "已经清除")
		r.want(err, "marking.places")
		_, err = r.svc.Execute(ctx, keeper, remove.ID, []marking.Place{marking.Card, "moon"}, now, "已经清除")
		r.want(err, "marking.places")
		_, err = r.svc.Execute(ctx, keeper, remove.ID, []marking.Place{marking.Card}, now.Add(time.Hour), "已经清除")
		r.want(err, "marking.done")
		_, err = r.svc.Execute(ctx, keeper, remove.ID, []marking.Place{marking.Card}, now.Add(-48*time.Hour), "已经清除")
		r.want(err, "marking.done")
		_, err = r.svc.Execute(ctx, keeper, remove.ID, []marking.Place{marking.Card}, now, "")
		r.want(err, "marking.words")
		e, err := r.svc.Execute(ctx, keeper, remove.ID, []marking.Place{marking.Backup, marking.Card}, now, "存储卡已交保密局销毁，备份介质已封存")
		if err != nil || !slices.Equal(e.Places, []marking.Place{marking.Card, marking.Backup}) {
			r.t.Fatalf("%+v %v", e, err)
		}
		for _, a := range []access.Actor{keeper, officer, admin} {
			if err := r.svc.Witness(ctx, a, e.ID, "在场监督"); !fault.Is(err, fault.Forbidden) || r.svc.MayWitness(ctx, a, part, e) {
				r.t.Fatalf("%s witnessed: %v", a.Name, err)
			}
		}
		all, err := r.svc.Instructions(ctx, keeper, part)
		if err != nil || len(all) != 2 || all[0].ID != remove.ID || len(all[0].Done) != 1 || len(all[1].Done) != 0 {
			r.t.Fatalf("%+v %v", all, err)
		}
		if left := marking.Uncleared(marking.Places(), all[0].Done); len(left) != len(marking.Places()) {
			r.t.Fatalf("cleared without a witness: %v", left)
		}
		r.want(r.svc.Witness(ctx, second, e.ID, ""), "marking.words")
		if !r.svc.MayWitness(ctx, second, part, e) {
			r.t.Fatal("a leader may not witness")
		}
		if err := r.svc.Witness(ctx, second, e.ID, "在场监督，属实"); err != nil {
			r.t.Fatal(err)
		}
		r.want(r.svc.Witness(ctx, leader, e.ID, "再来一次"), "marking.witnessed")
		all, err = r.svc.Instructions(ctx, leader, whole)
		if err != nil || all[0].Done[0].WitnessName != "l2" || slices.Contains(marking.Uncleared(marking.Places(), all[0].Done), marking.Card) {
			r.t.Fatalf("%+v %v", all, err)
		}
		if _, err := r.svc.Instructions(ctx, admin, whole); !fault.Is(err, fault.Forbidden) { // T13
			r.t.Fatalf("an administrator read them: %v", err)
		}
		r.want(marking.Refuse(ctx, r.DB.Reader, part), "marking.frozen") // as before
		if h := r.History(r.t, "marking", string(m.ID)); len(h) < 5 || h[0].Action != string(access.MarkingWitness) || h[0].Subject != (custody.Subject{Kind: "recording", ID: string(whole)}) {
			r.t.Fatalf("%+v", h)
		}
		for _, edit := range []string{
			"UPDATE marking_instruction SET orders = 'hand_over'", "DELETE FROM marking_instruction", "UPDATE marking_execution SET places = 'card'", "DELETE FROM marking_execution",
		} {
			if _, err := r.DB.Writer.ExecContext(ctx, edit); err == nil {
				r.t.Errorf("%s was let through", edit)
			}
		}
		bounded := map[string]string{
			"marking_instruction.orders": "CASE orders WHEN 'remove' THEN 'hand_over' ELSE 'remove' END", "marking_instruction.marking_id": "'" + string(home.ID) + "'",
			"marking_execution.marking_id": "'" + string(home.ID) + "'", "marking_execution.instruction_id": "'" + string(keep.ID) + "'",
			"marking.mark": "'medical'", "marking.recording_id": "'" + string(part) + "'", "marking.lifted_at": "7, lifted_words = 'x', lifted_by = 'x', basis = 'x'",
		}
		vouchtest.EveryColumn(r.t, r.World, bounded, marking.Tables()...) // T9
		if err := r.svc.Lift(ctx, second, m.ID, "鉴定不属于国家秘密", "县保密局 3 号"); err != nil {
			r.t.Fatal(err)
		}
		_, err = r.svc.Instruct(ctx, leader, m.ID, paper(marking.Remove, "4号"))
		r.want(err, "marking.lifted")
		_, err = r.svc.Execute(ctx, keeper, remove.ID, []marking.Place{marking.Card}, now, "已经清除")
		r.want(err, "marking.lifted")
	})
}

func TestKnownPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		actions []string
		want    []marking.Place
	}{
		{"what was filmed came from a card through a station and is backed up", nil, []marking.Place{marking.Original, marking.Card, marking.Station, marking.Backup}},
		{"a viewing copy", []string{"recording.seal", "derivative.make"}, []marking.Place{marking.Original, marking.Derived, marking.Card, marking.Station, marking.Backup}},
		{"what left", []string{"disclosure.send"}, []marking.Place{marking.Original, marking.Outside, marking.Card, marking.Station, marking.Backup}},
		{"a look leaves nothing", []string{"look.open", "marking.put"}, []marking.Place{marking.Original, marking.Card, marking.Station, marking.Backup}},
	} {
		if got := marking.Known(c.actions); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
