package delivery_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/delivery"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func rules(t testing.TB) proof.Rules {
	t.Helper()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	return proof.Rules{Catalogue: c, Calendar: cal}
}

// at reads a day, or a moment of Beijing's time.
func at(t testing.TB, s string) proof.Moment {
	t.Helper()
	m, timed, err := term.ParseStart(s)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Moment{At: m, DayOnly: !timed}
}

// whole is a service to a person by this mode with nothing missing: signed 2026-03-02, taken 2026-03-04.
func whole(t testing.TB, m delivery.Mode) delivery.Record {
	t.Helper()
	r := delivery.Record{
		Mode: m, Fixed: at(t, "2026-03-02T16:30"), Sent: at(t, "2026-03-03T10:00"), Taken: at(t, "2026-03-04T11:20"),
		Recipient: delivery.Addressee, Servers: 2,
	}
	switch m {
	case delivery.Direct:
		r.Receipt = proof.Yes
	case delivery.Lien:
		r.Refusal, r.LeftAtHome, r.Witnessed, r.Pictures, r.Filmed = "不认可处罚，拒绝签收", proof.Yes, proof.Yes, proof.No, proof.Yes
	case delivery.Electronic:
		r.Consent, r.Agreed, r.SameBox, r.Arrived = at(t, "2026-02-10"), proof.Yes, proof.Yes, proof.Yes
	case delivery.Post:
		r.Taken, r.Slip, r.Difficult = at(t, "2026-03-06"), proof.Yes, proof.Yes
	case delivery.Entrusted:
		r.Receipt, r.Letter, r.Difficult = proof.Yes, proof.Yes, proof.Yes
	case delivery.Handover:
		r.Receipt, r.Ground = proof.Yes, delivery.Imprisoned
	case delivery.Announcement:
		r.Sent, r.Lost, r.Filmed, r.Reason, r.Course = proof.Moment{}, proof.Yes, proof.Yes, "下落不明", "三次上门无人，社区证明已搬离"
	}
	return r
}

var later = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// TestDay: the day on which a paper counts as served, by hand.
func TestDay(t *testing.T) {
	t.Parallel()
	set := func(m delivery.Mode, taken string) delivery.Record {
		r := whole(t, m)
		r.Taken = at(t, taken)
		return r
	}
	for _, c := range []struct {
		name         string
		r            delivery.Record
		on, unrolled string
		article      string
	}{
		// §88¶2: the day of signing on the proof of service.
		{"direct", whole(t, delivery.Direct), "2026-03-04", "", "民事诉讼法 §88¶2"},
		// The day is Beijing's: 2026-03-04T16:30Z is half past midnight on the 5th.
		{"direct, after midnight", set(delivery.Direct, "2026-03-04T16:30:00Z"), "2026-03-05", "", "民事诉讼法 §88¶2"},
		// §89: leaving it and proving it is service, at once, on a Saturday as well.
		{"lien", set(delivery.Lien, "2026-03-07T12:00"), "2026-03-07", "", "民事诉讼法 §89"},
		// §90¶2: the day it arrived in the addressee's system, though sent the evening before.
		{"electronic", set(delivery.Electronic, "2026-03-04T00:05"), "2026-03-04", "", "民事诉讼法 §90¶2"},
		// §91: the day noted on the return slip.
		{"post", whole(t, delivery.Post), "2026-03-06", "", "民事诉讼法 §91"},
		{"entrusted", whole(t, delivery.Entrusted), "2026-03-04", "", "民事诉讼法 §87¶2、§91"},
		// §94: not when the prison took it, when the addressee signed.
		{"handover", set(delivery.Handover, "2026-03-05"), "2026-03-05", "", "民事诉讼法 §94"},
		// §95¶1: posted 4 March; the day of posting does not count (§85), 27 days to the 31st, 3 in April: the third.
		{"announcement", whole(t, delivery.Announcement), "2026-04-03", "", "民事诉讼法 §95¶1"},
		// Posted 5 March: the thirtieth day is Saturday 4 April, 清明 4–6: the 7th (§85).
		{"announcement into 清明", set(delivery.Announcement, "2026-03-05"), "2026-04-07", "2026-04-04", "民事诉讼法 §95¶1"},
		// Posted 1 September: 29 days to the 30th, the thirtieth is 1 October, 国庆 to the 7th: the 8th.
		{"announcement into 国庆", set(delivery.Announcement, "2026-09-01"), "2026-10-08", "2026-10-01", "民事诉讼法 §95¶1"},
		// Posted 15 January: 16 days to the 31st, 14 in February: Saturday the 14th, a make-up day, stays.
		{"announcement on a make-up day", func() delivery.Record {
			r := set(delivery.Announcement, "2026-01-15")
			r.Fixed = at(t, "2026-01-12")
			return r
		}(), "2026-02-14", "", "民事诉讼法 §95¶1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := delivery.Judge(rules(t), c.r, later)
			if err != nil || v.State != delivery.Served || v.On != c.on || v.Unrolled != c.unrolled || v.Article != c.article {
				t.Fatalf("%v %s on %s (%s) by %s, want %s (%s) by %s; lacks %v, %v", err, v.State, v.On, v.Unrolled, v.Article,
					c.on, c.unrolled, c.article, v.Lacks, v.Contradictions)
			}
			if len(v.Owed) > 0 {
				t.Fatalf("owes %v", v.Owed)
			}
		})
	}
}

// TestRunning: an announcement is no service before its day, and is on it.
func TestRunning(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]delivery.State{
		"2026-04-02T23:59": delivery.Running, "2026-04-03T00:00": delivery.Served, "2026-04-04T00:00": delivery.Served,
	} {
		v, err := delivery.Judge(rules(t), whole(t, delivery.Announcement), at(t, day).At)
		if err != nil || v.State != want || v.On != "2026-04-03" {
			t.Errorf("%s: %v %s on %s", day, err, v.State, v.On)
		}
	}
}

// TestLacks: one thing taken away from a whole record at a time.
func TestLacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		mode  delivery.Mode
		spoil func(*delivery.Record)
		state delivery.State
		lack  string // of what bars it
		owed  string // of what is owed beside
	}{
		{"not signed", delivery.Direct, func(r *delivery.Record) { r.Receipt = proof.No }, delivery.NotServed, "receipt_signed", ""},
		{"signed or not?", delivery.Direct, func(r *delivery.Record) { r.Receipt = proof.Unanswered }, delivery.CannotJudge, "receipt_signed", ""},
		{"a neighbour signed", delivery.Direct, func(r *delivery.Record) { r.Recipient = delivery.Other }, delivery.NotServed, "recipient_entitled", ""},
		{"who signed?", delivery.Direct, func(r *delivery.Record) { r.Recipient = delivery.Nobody }, delivery.CannotJudge, "recipient_entitled", ""},
		{"the family signed", delivery.Direct, func(r *delivery.Record) { r.Recipient = delivery.Relative }, delivery.Served, "", ""},
		{"the family, for a company", delivery.Direct, func(r *delivery.Record) { r.Recipient, r.Organisation = delivery.Relative, true }, delivery.NotServed, "recipient_entitled", ""},
		{"a company's mail room", delivery.Direct, func(r *delivery.Record) { r.Recipient, r.Organisation = delivery.Receiver, true }, delivery.Served, "", ""},
		{"an agent", delivery.Direct, func(r *delivery.Record) { r.Recipient = delivery.Agent }, delivery.Served, "", ""},
		{"no day", delivery.Direct, func(r *delivery.Record) { r.Taken = proof.Moment{} }, delivery.CannotJudge, "day", ""},
		{"one server", delivery.Direct, func(r *delivery.Record) { r.Servers = 1 }, delivery.Served, "", "two_servers"},
		{"came back", delivery.Post, func(r *delivery.Record) { r.Returned, r.Taken = true, proof.Moment{} }, delivery.NotServed, "day", ""},
		{"no slip", delivery.Post, func(r *delivery.Record) { r.Slip = proof.No }, delivery.NotServed, "return_slip", ""},
		{"why post?", delivery.Post, func(r *delivery.Record) { r.Difficult = proof.Unanswered }, delivery.Served, "", "direct_difficult"},
		{"no letter", delivery.Entrusted, func(r *delivery.Record) { r.Letter = proof.No }, delivery.NotServed, "entrustment_letter", ""},
		{"no reason of refusal", delivery.Lien, func(r *delivery.Record) { r.Refusal = " " }, delivery.CannotJudge, "refusal_noted", ""},
		{"refused by a passer-by", delivery.Lien, func(r *delivery.Record) { r.Recipient = delivery.Other }, delivery.NotServed, "refused_by_entitled", ""},
		{"left in the yard next door", delivery.Lien, func(r *delivery.Record) { r.LeftAtHome = proof.No }, delivery.NotServed, "left_at_home", ""},
		{"filmed, no witness", delivery.Lien, func(r *delivery.Record) { r.Witnessed = proof.No }, delivery.Served, "", ""},
		{"witness, not filmed", delivery.Lien, func(r *delivery.Record) { r.Filmed = proof.No }, delivery.Served, "", "recording"},
		{"photographs only", delivery.Lien, func(r *delivery.Record) {
			r.Witnessed, r.Filmed, r.Pictures = proof.No, proof.No, proof.Yes
		}, delivery.Served, "", "recording"},
		{"no witness, no pictures", delivery.Lien, func(r *delivery.Record) { r.Witnessed, r.Filmed = proof.No, proof.No }, delivery.NotServed, "lien_proof", "recording"},
		{"witness?", delivery.Lien, func(r *delivery.Record) { r.Witnessed, r.Filmed = proof.Unanswered, proof.No }, delivery.CannotJudge, "lien_proof", "recording"},
		{"nobody signed", delivery.Lien, func(r *delivery.Record) { r.Servers = 0 }, delivery.NotServed, "server_signed", "two_servers"},
		{"no confirmation", delivery.Electronic, func(r *delivery.Record) { r.Consent = proof.Moment{} }, delivery.CannotJudge, "confirmation_signed", ""},
		{"did not agree", delivery.Electronic, func(r *delivery.Record) { r.Agreed = proof.No }, delivery.NotServed, "electronic_agreed", ""},
		{"another address", delivery.Electronic, func(r *delivery.Record) { r.SameBox = proof.No }, delivery.NotServed, "confirmed_address", ""},
		{"sent, not arrived", delivery.Electronic, func(r *delivery.Record) { r.Arrived = proof.No }, delivery.NotServed, "arrival_shown", ""},
		{"no ground", delivery.Handover, func(r *delivery.Record) { r.Ground = delivery.NoGround }, delivery.CannotJudge, "handover_ground", ""},
		{"an odd ground", delivery.Handover, func(r *delivery.Record) { r.Ground = "employer" }, delivery.NotServed, "handover_ground", ""},
		{"a company", delivery.Handover, func(r *delivery.Record) { r.Organisation = true }, delivery.NotServed, "handover_ground", ""},
		{"the warder signed", delivery.Handover, func(r *delivery.Record) { r.Recipient = delivery.Other }, delivery.NotServed, "addressee_signed", ""},
		{"announced at once", delivery.Announcement, func(r *delivery.Record) { r.Lost = proof.No }, delivery.NotServed, "last_resort", ""},
		{"announced twice is no other mode", delivery.Announcement, func(r *delivery.Record) {
			r.Lost, r.Tried = proof.No, []delivery.Mode{delivery.Announcement}
		}, delivery.NotServed, "last_resort", ""},
		{"tried by post", delivery.Announcement, func(r *delivery.Record) {
			r.Lost, r.Tried = proof.No, []delivery.Mode{delivery.Direct, delivery.Post}
		}, delivery.Served, "", ""},
		{"no reason in the file", delivery.Announcement, func(r *delivery.Record) { r.Reason = "" }, delivery.CannotJudge, "reason_noted", ""},
		{"no course in the file", delivery.Announcement, func(r *delivery.Record) { r.Course = "" }, delivery.CannotJudge, "course_noted", ""},
		{"not filmed", delivery.Announcement, func(r *delivery.Record) { r.Filmed = proof.No }, delivery.Served, "", "recording"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := whole(t, c.mode)
			c.spoil(&r)
			v, err := delivery.Judge(rules(t), r, later)
			if err != nil || v.State != c.state {
				t.Fatalf("%v: %s, want %s; lacks %v", err, v.State, c.state, v.Lacks)
			}
			has := func(l proof.Lacks, code string) bool {
				return code == "" && len(l) == 0 || slices.ContainsFunc(l, func(x proof.Lack) bool { return x.Code == code && x.Article != "" })
			}
			if !has(v.Lacks, c.lack) || !has(v.Owed, c.owed) {
				t.Fatalf("lacks %v, owed %v; want %q, %q", v.Lacks, v.Owed, c.lack, c.owed)
			}
			if v.State != delivery.Served && v.On != "" {
				t.Fatalf("a day beside %s: %s", v.State, v.On)
			}
		})
	}
}

// TestContradictions: two statements that cannot both be right are shown, and no day stands beside them.
func TestContradictions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		mode  delivery.Mode
		spoil func(*delivery.Record)
		want  delivery.Contradiction
	}{
		{"served before it was signed", delivery.Direct, func(r *delivery.Record) { r.Sent, r.Fixed = proof.Moment{}, at(t, "2026-03-04T11:21") }, delivery.TakenBeforeFixed},
		{"sent before it was signed", delivery.Post, func(r *delivery.Record) { r.Fixed = at(t, "2026-03-05") }, delivery.SentBeforeFixed},
		{"receipt before dispatch", delivery.Post, func(r *delivery.Record) { r.Taken = at(t, "2026-03-02") }, delivery.TakenBeforeSent},
		{"consent afterwards", delivery.Electronic, func(r *delivery.Record) { r.Consent = at(t, "2026-03-03T10:01") }, delivery.SentBeforeConsent},
		{"consent afterwards, dispatch not of record", delivery.Electronic, func(r *delivery.Record) {
			r.Sent, r.Consent = proof.Moment{}, at(t, "2026-03-05")
		}, delivery.SentBeforeConsent},
		{"left behind and signed for", delivery.Lien, func(r *delivery.Record) { r.Receipt = proof.Yes }, delivery.RefusedAndSigned},
		{"came back and signed for", delivery.Direct, func(r *delivery.Record) { r.Returned = true }, delivery.TakenAndReturned},
		{"arrived and came back", delivery.Electronic, func(r *delivery.Record) { r.Returned = true }, delivery.TakenAndReturned},
		{"tomorrow", delivery.Direct, func(r *delivery.Record) { r.Taken = at(t, "2026-12-02") }, delivery.InFuture},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := whole(t, c.mode)
			c.spoil(&r)
			v, err := delivery.Judge(rules(t), r, later)
			if err != nil || v.State != delivery.Contradictory || !slices.Contains(v.Contradictions, c.want) || v.On != "" {
				t.Fatalf("%v %s %v on %q", err, v.State, v.Contradictions, v.On)
			}
		})
	}
	r := whole(t, delivery.Post)
	r.Sent, r.Taken = at(t, "2026-03-06T17:00"), at(t, "2026-03-06")
	if v, err := delivery.Judge(rules(t), r, later); err != nil || v.State != delivery.Served {
		t.Fatalf("the slip gives the day only, the same as the dispatch's: %v %s %v", err, v.State, v.Contradictions)
	}
}

// TestStrange: a mode of nobody's law, and a catalogue without the term of announcements.
func TestStrange(t *testing.T) {
	t.Parallel()
	if _, err := delivery.Judge(rules(t), delivery.Record{Mode: "pigeon"}, later); !fault.HasCode(err, "delivery.mode") {
		t.Error(err)
	}
	if _, _, err := delivery.Demands("pigeon", false); !fault.HasCode(err, "delivery.mode") {
		t.Error(err)
	}
	if _, err := delivery.Judge(proof.Rules{}, whole(t, delivery.Announcement), later); !fault.HasCode(err, "term.unknown") {
		t.Error(err)
	}
	law := rules(t)
	for i := range law.Catalogue.Terms {
		if law.Catalogue.Terms[i].ID == "public-service-30d" {
			law.Catalogue.Terms = slices.Clone(law.Catalogue.Terms)
			law.Catalogue.Terms[i].Length = nil
		}
	}
	if v, err := delivery.Judge(law, whole(t, delivery.Announcement), later); err != nil || v.State != delivery.CannotJudge || v.On != "" {
		t.Errorf("a term without a figure: %v %s on %q", err, v.State, v.On)
	}
}

// TestEarliest: of several services the first that is one counts.
func TestEarliest(t *testing.T) {
	t.Parallel()
	failed := whole(t, delivery.Post)
	failed.Returned, failed.Taken, failed.Slip = true, proof.Moment{}, proof.Unanswered
	var all []delivery.Verdict
	for _, r := range []delivery.Record{failed, whole(t, delivery.Announcement), whole(t, delivery.Direct)} {
		v, err := delivery.Judge(rules(t), r, later)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if v, ok := delivery.Earliest(all); !ok || v.On != "2026-03-04" {
		t.Errorf("%v %s", ok, v.On)
	}
	if _, ok := delivery.Earliest(all[:1]); ok {
		t.Error("what came back was served")
	}
}

// record draws a record in which anything may be said.
func record(t *rapid.T) delivery.Record {
	moment := func(name string) proof.Moment {
		if rapid.IntRange(0, 9).Draw(t, name+" known") == 0 {
			return proof.Moment{}
		}
		h := rapid.IntRange(0, 60*24).Draw(t, name)
		return proof.Moment{
			At:      time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(h) * time.Hour),
			DayOnly: rapid.Bool().Draw(t, name+" day only"),
		}
	}
	answer := func(name string) proof.Answer {
		return rapid.SampledFrom([]proof.Answer{proof.Yes, proof.Yes, proof.Yes, proof.No, proof.Unanswered}).Draw(t, name)
	}
	text := func(name string) string { return rapid.SampledFrom([]string{"记明", "记明", ""}).Draw(t, name) }
	return delivery.Record{
		Mode: rapid.SampledFrom(delivery.Modes()).Draw(t, "mode"), Organisation: rapid.Bool().Draw(t, "organisation"),
		Fixed: moment("fixed"), Sent: moment("sent"), Taken: moment("taken"),
		Returned:  rapid.IntRange(0, 9).Draw(t, "returned") == 0,
		Recipient: rapid.SampledFrom([]delivery.Recipient{delivery.Nobody, delivery.Addressee, delivery.LegalRep, delivery.Agent, delivery.Other}).Draw(t, "recipient"),
		Receipt:   answer("receipt"), Servers: rapid.IntRange(-1, 3).Draw(t, "servers"),
		Refusal: text("refusal"), LeftAtHome: answer("home"), Witnessed: answer("witness"), Pictures: answer("pictures"), Filmed: answer("filmed"),
		Consent: moment("consent"), Agreed: answer("agreed"), SameBox: answer("box"), Arrived: answer("arrived"),
		Slip: answer("slip"), Difficult: answer("difficult"), Letter: answer("letter"),
		Ground: rapid.SampledFrom([]delivery.HandoverGround{delivery.NoGround, delivery.Soldier}).Draw(t, "ground"),
		Lost:   answer("lost"), Reason: text("reason"), Course: text("course"),
	}
}

// TestProperties: a day stands only beside a service; it lies neither before the dispatch nor before the signing nor
// before what happened; answering a question never takes a service away that Unanswered had.
func TestProperties(t *testing.T) {
	t.Parallel()
	law := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		r := record(t)
		v, err := delivery.Judge(law, r, later)
		if err != nil {
			t.Fatal(err)
		}
		is := v.State == delivery.Served || v.State == delivery.Running
		if is != (v.On != "") {
			t.Fatalf("%s on %q", v.State, v.On)
		}
		if is && (len(v.Lacks) > 0 || len(v.Contradictions) > 0 || r.Returned) {
			t.Fatalf("served in spite of %v %v", v.Lacks, v.Contradictions)
		}
		for _, m := range []proof.Moment{r.Fixed, r.Sent, r.Taken} {
			if is && m.Known() && v.On < m.Day().Format(time.DateOnly) {
				t.Fatalf("served on %s, before %v", v.On, m)
			}
		}
		if v.State == delivery.Served && v.On > later.Format(time.DateOnly) {
			t.Fatalf("served on %s, which is to come", v.On)
		}
		if r.Mode == delivery.Announcement && is {
			if posted := r.Taken.Day().AddDate(0, 0, 30).Format(time.DateOnly); v.On < posted {
				t.Fatalf("announced %v, served %s already", r.Taken, v.On)
			}
		}
	})
}

// TestWords: everything a verdict can say has words in both languages.
func TestWords(t *testing.T) {
	t.Parallel()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range delivery.Modes() {
		keys = append(keys, "delivery.mode."+string(m))
		for _, organisation := range []bool{false, true} {
			bars, owed, err := delivery.Demands(m, organisation)
			if err != nil || len(bars) == 0 {
				t.Fatalf("%s asks for nothing: %v", m, err)
			}
			for _, l := range append(bars, owed...) {
				keys = append(keys, "delivery.lack."+l.Code)
			}
		}
	}
	for _, s := range []delivery.State{delivery.Served, delivery.Running, delivery.NotServed, delivery.CannotJudge, delivery.Contradictory} {
		keys = append(keys, "delivery.state."+string(s))
	}
	for _, c := range []delivery.Contradiction{
		delivery.TakenBeforeFixed, delivery.SentBeforeFixed, delivery.TakenBeforeSent, delivery.SentBeforeConsent,
		delivery.RefusedAndSigned, delivery.TakenAndReturned, delivery.InFuture,
	} {
		keys = append(keys, "delivery.contradiction."+string(c))
	}
	for _, r := range []delivery.Recipient{
		delivery.Addressee, delivery.Relative, delivery.LegalRep, delivery.Receiver, delivery.Agent, delivery.Designee, delivery.Other,
	} {
		keys = append(keys, "delivery.recipient."+string(r))
	}
	for _, g := range []delivery.HandoverGround{delivery.Soldier, delivery.Imprisoned, delivery.Corrective} {
		keys = append(keys, "delivery.ground."+string(g))
	}
	keys = append(keys, "delivery.lack.announcement_term", "fault.delivery.mode.what", "fault.delivery.mode.kept", "fault.delivery.mode.do")
	for _, k := range keys {
		if !words.For(locale.Chinese).Has(k) {
			t.Errorf("no words for %s", k)
		}
	}
}
