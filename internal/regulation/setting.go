// Package regulation is the bureau's regulation (《行政执法全过程记录制度》) as data. Today it holds what the regulation
// leaves open: the settings a bureau must adopt before it relies on a verdict. They are versioned; each version is
// adopted by a named leader and is an entry of the custody log. A case is judged by the version in force on its day.
package regulation

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// StoreWithin is Article 19's term. It is the regulation's own figure and no setting.
const StoreWithin = 24 * time.Hour

// Settings are the points the regulation leaves to the bureau (requirements.md, last section). Units are in the names.
type Settings struct {
	IssuedOn             string   `json:"issued_on"`                    // 印发之日, YYYY-MM-DD (第二十七条)
	MajorPropertyYuan    int64    `json:"major_property_yuan"`          // 重大财产权益 from this amount on (第十三条)
	DisputeProneSteps    string   `json:"dispute_prone_steps"`          // 其他容易引发争议的执法过程, in words (第十三条)
	JoinToleranceSeconds int      `json:"join_tolerance_seconds"`       // between two files of one camera (第十三、十六条)
	ReportAfterMinutes   int      `json:"report_after_minutes"`         // “立即报告” counts as late after this (第十七条)
	ExplainWorkingDays   int      `json:"explain_working_days"`         // 事后书面说明 (第十七条)
	DesignatedStores     []string `json:"designated_stores"`            // 指定的存储器, by name, designated by the custodian (第十九条)
	LateReasons          []string `json:"late_reasons"`                 // 确实无法及时储存 accepted causes (第十九条)
	DisclosureBy         []string `json:"disclosure_by"`                // who approves outside provision, in order (第二十条)
	DeviceCheckDays      int      `json:"device_check_days"`            // 定期抽检设备 (第二十二条)
	PlaybackPercent      int      `json:"playback_percent"`             // of recordings a quarter, beside all uninterrupted ones (第二十二条)
	UnlinkedAfterDays    int      `json:"unlinked_after_days"`          // a recording without a matter goes to the custodian (第二十二条)
	HandlerStandingGrant bool     `json:"handler_standing_grant"`       // handlers of an open case look without asking each time (第二十三条)
	DiscRetentionYears   int      `json:"disc_retention_years"`         // 长期保存 (第二十四条)
	DiscOnlineCopies     int      `json:"disc_online_copies"`           // copies kept beside the disc (第二十四条)
	DiscRereadMonths     int      `json:"disc_reread_months,omitempty"` // how often a disc is read again (第二十四条); 0: the default
	OtherRetentionDays   int      `json:"other_retention_days"`         // until the bureau adopts its list (第二十四条)
	CaseNumber           string   `json:"case_number,omitempty"`        // 案号 with {act}, {year} and {no}; empty: the default
}

// Defaults are the proposals a bureau starts from. IssuedOn has none: the date is not in the text.
func Defaults() Settings {
	return Settings{
		MajorPropertyYuan: 100_000, JoinToleranceSeconds: 2, ReportAfterMinutes: 120, ExplainWorkingDays: 3,
		DesignatedStores: []string{}, LateReasons: []string{"remote", "weather", "device_fault", "continuous_duty", "other"},
		DisclosureBy: []string{"head", "leader"}, DeviceCheckDays: 30, PlaybackPercent: 10, UnlinkedAfterDays: 7,
		HandlerStandingGrant: true, DiscRetentionYears: 30, DiscOnlineCopies: 2, DiscRereadMonths: 24, OtherRetentionDays: 180,
		CaseNumber: "{act}〔{year}〕{no}号",
	}
}

// Check refuses values that no bureau can mean; the fault names the field.
func (s Settings) Check() error {
	if _, err := time.Parse(time.DateOnly, s.IssuedOn); err != nil {
		return fault.New(fault.Invalid, "setting.date").At("issued_on")
	}
	for _, r := range []struct {
		field     string
		v, lo, hi int64
	}{
		{"major_property_yuan", s.MajorPropertyYuan, 1, 1_000_000_000},
		{"join_tolerance_seconds", int64(s.JoinToleranceSeconds), 0, 10},
		{"report_after_minutes", int64(s.ReportAfterMinutes), 1, 24 * 60},
		{"explain_working_days", int64(s.ExplainWorkingDays), 1, 30},
		{"device_check_days", int64(s.DeviceCheckDays), 1, 366},
		{"playback_percent", int64(s.PlaybackPercent), 1, 100},
		{"unlinked_after_days", int64(s.UnlinkedAfterDays), 1, 60},
		{"disc_retention_years", int64(s.DiscRetentionYears), 30, 1000},
		{"disc_online_copies", int64(s.DiscOnlineCopies), 1, 9},
		{"disc_reread_months", int64(s.DiscRereadMonths), 0, 120},
		{"other_retention_days", int64(s.OtherRetentionDays), 30, 36500},
	} {
		if r.v < r.lo || r.v > r.hi {
			return fault.New(fault.Invalid, "setting.range", r.lo, r.hi).At(r.field)
		}
	}
	for _, part := range []string{"{act}", "{year}", "{no}"} {
		if s.CaseNumber != "" && strings.Count(s.CaseNumber, part) != 1 || len(s.CaseNumber) > 100 {
			return fault.New(fault.Invalid, "setting.case_number").At("case_number")
		}
	}
	if len(s.LateReasons) == 0 {
		return fault.New(fault.Invalid, "setting.empty").At("late_reasons")
	}
	if len(s.DisclosureBy) == 0 {
		return fault.New(fault.Invalid, "setting.empty").At("disclosure_by")
	}
	return nil
}

// Version is an adopted set of settings.
type Version struct {
	ID        ident.SettingID
	Number    int // 1 for the first
	Settings  Settings
	AdoptedAt time.Time
	AdoptedBy ident.PersonID // "" when adopted by a command on the host
	Entry     ident.EntryID
}
