package procedure

import (
	"strconv"
	"strings"
)

// actShort are the one-character names of the acts, for case numbers.
var actShort = map[string]string{
	"permit": "许", "penalty": "罚", "compulsion": "强", "expropriation": "收", "requisition": "用", "payment": "给", "confirmation": "确", "registration": "登",
	"adjudication": "裁", "inspection": "检",
}

// CaseNo makes a case's number (案号) by the bureau's pattern.
func CaseNo(pattern, act, year string, n int64) string {
	return strings.NewReplacer("{act}", actShort[act], "{year}", year, "{no}", strconv.FormatInt(n, 10)).Replace(pattern)
}

// PaperNo puts a paper's place into its case's number (文号): 云司罚〔2026〕14-3号.
func PaperNo(caseNo string, n int64) string {
	head, ok := strings.CutSuffix(caseNo, "号")
	if !ok {
		return caseNo + "-" + strconv.FormatInt(n, 10)
	}
	return head + "-" + strconv.FormatInt(n, 10) + "号"
}
