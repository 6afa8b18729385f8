/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON as tools and tests read it, byte for byte. */
#include "stress/hunt/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/conformance/test.h"

static const char expected[] =
	"{\"text\":\"a\\\"b\\\\c\\u000a\\u0001\\u00ff~\",\"none\":\"\",\"yes\":true,\"no\":false,"
	"\"null\":null,\"max\":18446744073709551615,\"hash\":\"00000000000000ff\","
	"\"three\":0.500,\"zero\":2,\"short\":1e-06,\"nan\":null,"
	"\"list\":[1,{\"k\":\"v\"},\n[],{}],\n\"key\\u0009\":\"\"}\n";

int main(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	struct json j;

	json_begin(&j, f);
	json_string(&j, "text", "a\"b\\c\n\001\377~");
	json_string(&j, "none", "");
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_null(&j, "null");
	json_unsigned(&j, "max", UINT64_MAX);
	json_hash(&j, "hash", 255);
	json_double(&j, "three", 0.5, 3);
	json_double(&j, "zero", 1.9, 0);
	json_double(&j, "short", 1e-6, JSON_SHORTEST);
	json_double(&j, "nan", NAN, 3);
	json_open_array(&j, "list");
	json_unsigned(&j, NULL, 1);
	json_open_object(&j, NULL);
	json_string(&j, "k", "v");
	json_close_object(&j);
	json_line(&j);
	json_open_array(&j, NULL);
	json_close_array(&j);
	json_open_object(&j, NULL);
	json_close_object(&j);
	json_close_array(&j);
	json_line(&j);
	json_string(&j, "key\t", "");
	json_end(&j);
	fclose(f);
	CHECK_STR(text, expected);
	free(text);
	printf("ok json\n");
	return 0;
}
