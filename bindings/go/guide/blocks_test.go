package guide

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// blocks are the guide's Go blocks in their order, by the heading above each,
// with the test or benchmark that each stands in.
var blocks = []struct{ heading, test string }{
	{"1. Read-Heavy Workloads (90%+ reads)", "TestReadHeavyWorkload"},
	{"2. Write-Heavy Workloads (50%+ writes)", "TestWriteHeavyWorkload"},
	{"3. Bursty Traffic", "TestBurstyTraffic"},
	{"4. Memory-Constrained Environments", "TestMemoryConstrainedEnvironment"},
	{"1. Interactive Chat Applications", "TestInteractiveChat"},
	{"2. Code Generation", "TestCodeGeneration"},
	{"3. Real-Time Analysis", "TestRealTimeAnalysis"},
	{"4. Document Processing", "TestDocumentProcessing"},
	{"5. Cost-Optimized Operations", "TestCostOptimizedOperations"},
	{"1. Adaptive Shard Count", "TestAdaptiveShardCount"},
	{"2. Intelligent Cache Warmup", "TestIntelligentCacheWarmup"},
	{"3. Request Batching", "TestRequestBatching"},
	{"4. Circuit Breaker Pattern", "TestCircuitBreakerPattern"},
	{"Key Cache Metrics to Monitor", "TestKeyCacheMetrics"},
	{"Key LLM Metrics to Monitor", "TestKeyLLMMetrics"},
	{"Cache Benchmark", "TestCacheBenchmark"},
	{"LLM Load Test", "TestLLMLoadTest"},
}

// adapted are the guide's lines that stand otherwise in the tests, and why.
var adapted = map[string]string{
	"primary := providers.CreateOpenAIClient(":  "two results, as in the guide's other blocks",
	"fallback := providers.CreateOpenAIClient(": "two results, as in the guide's other blocks",
	"func (a *AdaptiveCache) AutoScale() {":     "the ticks are a parameter: an endless loop of minutes is no test",
	"ticker := time.NewTicker(1 * time.Minute)": "the ticks are a parameter: an endless loop of minutes is no test",
	"for range ticker.C {":                      "the ticks are a parameter: an endless loop of minutes is no test",
}

func theGuide(t *testing.T) string {
	text, err := os.ReadFile("../../../../shared/guide/tuning-guide.md")
	if err != nil {
		t.Skip("the guide is not beside the checkout: ", err)
	}
	return string(text)
}

var (
	heading = regexp.MustCompile(`^#+ (.*)`)
	comment = regexp.MustCompile(`\s*//.*$`)
	space   = regexp.MustCompile(`\s+`)
)

// plain is a line without what gofmt and comments change.
func plain(line string) string { return space.ReplaceAllString(comment.ReplaceAllString(line, ""), "") }

func TestEachBlockOfTheGuideHasItsTest(t *testing.T) {
	var last string
	var lines []string
	found := 0
	tests := sources(t)
	for _, line := range strings.Split(theGuide(t), "\n") {
		switch {
		case lines == nil && heading.MatchString(line):
			last = heading.FindStringSubmatch(line)[1]
		case line == "```go":
			lines = []string{}
		case line == "```" && lines != nil:
			if found < len(blocks) {
				compare(t, blocks[found].heading, last, blocks[found].test, lines, tests)
			}
			found, lines = found+1, nil
		case lines != nil:
			lines = append(lines, line)
		}
	}
	if found != len(blocks) {
		t.Fatalf("the guide has %d Go blocks, and %d have a test", found, len(blocks))
	}
}

// compare finds each line of a block in the file of its test, but for those
// that are adapted.
func compare(t *testing.T, want, heading, test string, lines []string, tests map[string]map[string]bool) {
	t.Helper()
	if want != heading {
		t.Errorf("a block below %q, where %q was expected", heading, want)
	}
	file, ok := tests[test]
	if !ok {
		t.Errorf("%s: there is no %s", heading, test)
	}
	for _, line := range lines {
		if plain(line) != "" && !file[plain(line)] && adapted[strings.TrimSpace(comment.ReplaceAllString(line, ""))] == "" {
			t.Errorf("%s: %s lacks %q", heading, test, strings.TrimSpace(line))
		}
	}
}

// sources are the lines of each test's file, by the names of the tests.
func sources(t *testing.T) map[string]map[string]bool {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{}
	for path, file := range packages["guide"].Files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string]bool{}
		for _, line := range strings.Split(string(text), "\n") {
			lines[plain(line)] = true
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				tests[function.Name.Name] = lines
			}
		}
	}
	return tests
}

func TestTheTableListsBlocksAndAdaptations(t *testing.T) {
	page, err := os.ReadFile("../GUIDE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks {
		if !regexp.MustCompile(regexp.QuoteMeta("| "+block.heading+" |") + `.*\b` + block.test + `\b`).Match(page) {
			t.Errorf("GUIDE.md lacks %s, %s", block.heading, block.test)
		}
	}
	for line := range adapted {
		if !strings.Contains(string(page), "`"+line+"`") {
			t.Errorf("GUIDE.md does not list the adaptation of %q", line)
		}
	}
}
