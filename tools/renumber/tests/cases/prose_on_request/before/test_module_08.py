def test_module_08():
    """MODULE 08"""
